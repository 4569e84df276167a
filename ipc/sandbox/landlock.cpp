#include "ipc/sandbox/landlock.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/sandbox/sanitized.h"

namespace rookery::sandbox {

namespace {

// <linux/landlock.h> of Debian 12 knows the kernel's second version of it; these are the seventh's names and layouts.
struct RulesetAttributes {
  std::uint64_t files = 0;    // what is refused unless a rule allows it
  std::uint64_t network = 0;  // version 4
  std::uint64_t scoped = 0;   // version 6
};

// Packed, as the kernel has it: twelve bytes.
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed = 0;
  std::int32_t directory = -1;
};

constexpr std::uint32_t kAskForVersion = 1;
constexpr int kRuleOfPath = 1;

constexpr std::uint64_t bit(unsigned number) {
  return std::uint64_t{1} << number;
}
constexpr std::uint64_t kWriteFile = bit(1);
constexpr std::uint64_t kReadFile = bit(2);
constexpr std::uint64_t kReadDirectory = bit(3);
constexpr std::uint64_t kRemoveDirectory = bit(4);
constexpr std::uint64_t kRemoveFile = bit(5);
constexpr std::uint64_t kMakeDirectory = bit(7);
constexpr std::uint64_t kMakeFile = bit(8);
constexpr std::uint64_t kRefer = bit(13);     // version 2: rename from one directory into another
constexpr std::uint64_t kTruncate = bit(14);  // version 3

constexpr std::uint64_t kBindTcp = bit(0);
constexpr std::uint64_t kConnectTcp = bit(1);

constexpr std::uint64_t kToAbstractUnixSockets = bit(0);
constexpr std::uint64_t kSignals = bit(1);

// How many rights over files each version has, from bit 0 on.
std::uint64_t rights_over_files(int version) noexcept {
  const unsigned known = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
  return bit(known) - 1;
}

RulesetAttributes attributes_for(Role role, int version) noexcept {
  RulesetAttributes attributes;
  if (version >= 4) attributes.network = kConnectTcp;
  if (role == Role::Master) return attributes;  // logs, settings, the next program: those may lie anywhere
  attributes.files = rights_over_files(version);
  if (version >= 4) attributes.network |= kBindTcp;
  if (version >= 6) attributes.scoped = kToAbstractUnixSockets | kSignals;
  return attributes;
}

void allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const os::FileDescriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) os::throw_errno("cannot open " + path);
  const PathBeneath rule{rights, place.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, kRuleOfPath, &rule, 0) != 0)
    os::throw_errno("Landlock refuses a rule for " + path);
}

}  // namespace

int landlock_version() noexcept {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskForVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

void restrict_files(Role role, const Belongings& belongings) {
  const RulesetAttributes attributes = attributes_for(role, landlock_version());
  if (attributes.files == 0 && attributes.network == 0) return;
  // A kernel of an earlier version takes the longer structure where it has zeros.
  const os::FileDescriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) os::throw_errno("Landlock makes no set of rules");
  constexpr std::uint64_t kOwn = kReadFile | kWriteFile | kReadDirectory | kRemoveFile | kRemoveDirectory | kMakeFile |
                                 kMakeDirectory | kRefer | kTruncate;
  for (const std::string& directory : belongings.own) allow(ruleset.get(), directory, kOwn & attributes.files);
  for (const std::string& file : belongings.readable) {
    // Where /proc is not mounted, say, nobody can read it anyway.
    if (::access(file.c_str(), R_OK) == 0) allow(ruleset.get(), file, kReadFile);
  }
  if (kSanitized && attributes.files != 0) allow(ruleset.get(), "/", kReadFile | kReadDirectory);
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) os::throw_errno("Landlock cannot be entered");
}

}  // namespace rookery::sandbox
