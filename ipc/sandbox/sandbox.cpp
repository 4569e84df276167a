#include "ipc/sandbox/sandbox.h"

#include <sys/prctl.h>
#include <time.h>

#include <cerrno>

#include "ipc/sandbox/capabilities.h"
#include "ipc/sandbox/filter.h"
#include "ipc/sandbox/landlock.h"
#include "ipc/sandbox/rules.h"

namespace rookery::sandbox {

std::vector<std::string> missing() {
  std::vector<std::string> result;
  if (!can_filter()) result.emplace_back("seccomp: system calls are not filtered");
  if (landlock_version() == 0)
    result.emplace_back("Landlock: files are kept from the ledger by their owner and mode alone");
  return result;
}

bool inside_masters() noexcept {
  return ::prctl(kMasterMark, 0, 0, 0, 0) < 0 && errno == kMasterMarkError;
}

void enter(Role role, const Belongings& belongings) {
  if (role == Role::Master && inside_masters()) return;
  ::tzset();  // what the C library would open at the first look at a date
  keep_capabilities(capabilities_of(role));
  if (landlock_version() > 0) restrict_files(role, belongings);
  if (can_filter()) load_filter(rules_of(role, belongings.listener));
}

}  // namespace rookery::sandbox
