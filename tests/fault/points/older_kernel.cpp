// rookery-older-kernel landlock|all PROGRAM ARGUMENTS...: executes PROGRAM as if the kernel had no Landlock, or neither
// Landlock nor seccomp filters: the system calls are not there.
#include <seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

namespace {

bool take_away(std::string_view what) {
  const scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  const std::uint32_t not_there = SCMP_ACT_ERRNO(ENOSYS);
  if (filter == nullptr || ::seccomp_rule_add(filter, not_there, SCMP_SYS(landlock_create_ruleset), 0) != 0)
    return false;
  if (what == "all" && ::seccomp_rule_add(filter, not_there, SCMP_SYS(seccomp), 0) != 0) return false;
  const bool done = ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return done;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3 || !take_away(arguments[1])) return 1;
  ::execv(arguments[2], arguments + 2);
  std::perror(arguments[2]);
  return 1;
}
