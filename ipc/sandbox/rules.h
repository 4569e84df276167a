// ipc/sandbox/rules.h
//
// Which system calls each role may make: rules.cpp and master_rules.cpp are the tables to read. Children have a list of
// what is allowed, the master one of what is refused, because the program that an upgrade brings lives under it too.
//
// A child that calls what is not listed gets EPERM. To find out which call a library misses:
//     strace -f -e status=failed -p PID 2>&1 | grep EPERM
#pragma once

#include <linux/sched.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ipc/sandbox/sandbox.h"

namespace rookery::sandbox {

enum class Answer : std::uint8_t {
  Allow,
  Refuse,   // EPERM
  Unknown,  // ENOSYS: the C library takes the older call, whose arguments a filter can see
  Mark,     // kMasterMarkError
  Kill,     // SIGSYS, for the whole process
};

enum class Test : std::uint8_t {
  Nothing,
  Bits,    // (argument & mask) == value
  Above,   // argument > value
  OwnPid,  // of the process that enters
};

// A test of one argument, counted from 0. Of an `int` the kernel looks at the lower half of the register alone, so
// its mask is kInt.
struct Where {
  Test test = Test::Nothing;
  unsigned argument = 0;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};
inline constexpr std::uint64_t kInt = 0xffff'ffff;
inline constexpr std::size_t kMaxTests = 2;

[[nodiscard]] constexpr Where without(unsigned argument, std::uint64_t bits) {
  return {Test::Bits, argument, bits, 0};
}
[[nodiscard]] constexpr Where is(unsigned argument, std::uint64_t value) {
  return {Test::Bits, argument, kInt, value};
}
[[nodiscard]] constexpr Where has(unsigned argument, std::uint64_t bits) {
  return {Test::Bits, argument, bits, bits};
}

inline constexpr std::uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

struct Rule {
  const char* call;
  std::array<Where, kMaxTests> where = {};  // all must hold
  Answer answer = Answer::Allow;
};

struct Rules {
  Answer otherwise = Answer::Refuse;
  std::vector<std::span<const Rule>> parts;
  std::vector<Rule> made;  // for this process's descriptors
};

// `listener`: -1 where there is none.
[[nodiscard]] Rules rules_of(Role role, int listener);
[[nodiscard]] Rules masters_rules();

// prctl(kMasterMark) fails with EINVAL anywhere but under the master's filter: so a successor knows that it is there.
// The last digits count its versions; with another one the new filter comes on top of the old.
inline constexpr int kMasterMark = 0x524b'0001;
inline constexpr int kMasterMarkError = 118;  // ENOTNAM: no system call has it

}  // namespace rookery::sandbox
