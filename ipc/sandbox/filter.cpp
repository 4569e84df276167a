#include "ipc/sandbox/filter.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace rookery::sandbox {

namespace {

void demand(int result, const char* what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
}

std::uint32_t action_of(Answer answer) noexcept {
  switch (answer) {
    case Answer::Allow:
      return SCMP_ACT_ALLOW;
    case Answer::Refuse:
      return SCMP_ACT_ERRNO(EPERM);
    case Answer::Unknown:
      return SCMP_ACT_ERRNO(ENOSYS);
    case Answer::Mark:
      return SCMP_ACT_ERRNO(kMasterMarkError);
    case Answer::Kill:
      return SCMP_ACT_KILL_PROCESS;
  }
  return SCMP_ACT_KILL_PROCESS;
}

scmp_arg_cmp comparison_of(const Where& where) noexcept {
  switch (where.test) {
    case Test::Bits:
      return {where.argument, SCMP_CMP_MASKED_EQ, where.mask, where.value};
    case Test::Above:
      return {where.argument, SCMP_CMP_GT, where.value, 0};
    case Test::OwnPid:
      return {where.argument, SCMP_CMP_MASKED_EQ, kInt, static_cast<scmp_datum_t>(::getpid())};
    case Test::Nothing:
      break;
  }
  return {};
}

void add(scmp_filter_ctx filter, const Rule& rule, Answer otherwise) {
  if (rule.answer == otherwise) return;  // libseccomp wants nothing said twice
  const int number = ::seccomp_syscall_resolve_name(rule.call);
  if (number == __NR_SCMP_ERROR) return;  // of a machine or a kernel that this library does not know
  std::array<scmp_arg_cmp, kMaxTests> tests{};
  unsigned count = 0;
  for (const Where& where : rule.where)
    if (where.test != Test::Nothing) tests[count++] = comparison_of(where);
  demand(::seccomp_rule_add_array(filter, action_of(rule.answer), number, count, tests.data()),
         "seccomp takes no rule for a system call");
}

}  // namespace

bool can_filter() noexcept {
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

void load_filter(const Rules& rules) {
  const std::unique_ptr<void, decltype(&::seccomp_release)> filter(::seccomp_init(action_of(rules.otherwise)),
                                                                   &::seccomp_release);
  if (!filter) throw std::system_error(ENOMEM, std::generic_category(), "seccomp makes no filter");
  demand(::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "seccomp");
  demand(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1), "seccomp");  // a sanitizer may have a thread
  for (const std::span<const Rule> part : rules.parts)
    for (const Rule& rule : part) add(filter.get(), rule, rules.otherwise);
  for (const Rule& rule : rules.made) add(filter.get(), rule, rules.otherwise);
  demand(::seccomp_load(filter.get()), "seccomp cannot be entered");
}

}  // namespace rookery::sandbox
