#include "ipc/sandbox/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "ipc/os/errors.h"

namespace rookery::sandbox {

namespace {

template <class... Numbers>
constexpr std::uint64_t bits(Numbers... numbers) {
  return (std::uint64_t{0} | ... | (std::uint64_t{1} << numbers));
}

// A data directory that belongs to somebody else, and SQLite, which gives its files the database's owner.
constexpr std::uint64_t kForeignFiles = bits(CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_CHOWN, CAP_FOWNER);

}  // namespace

std::uint64_t capabilities_of(Role role) noexcept {
  switch (role) {
    case Role::Master:
      // Its successor raises the limit of open files again, and may have a port to bind.
      return kForeignFiles | bits(CAP_SYS_RESOURCE, CAP_NET_BIND_SERVICE);
    case Role::Ledger:
      return kForeignFiles;
    case Role::Worker:
    case Role::Exporter:
      return 0;
  }
  return 0;
}

void keep_capabilities(std::uint64_t kept) {
  // libcap would be a library for two calls.
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) os::throw_errno("cannot ask for the capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) os::throw_errno("cannot set no_new_privs");
  if (sets[0].permitted == 0 && sets[1].permitted == 0) return;
  const std::array<std::uint32_t, 2> keep{static_cast<std::uint32_t>(kept), static_cast<std::uint32_t>(kept >> 32)};
  for (std::size_t i = 0; i < keep.size(); ++i) {
    sets[i].permitted &= keep[i];
    sets[i].effective = sets[i].permitted;
    sets[i].inheritable = 0;
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (::syscall(SYS_capset, &header, sets.data()) != 0) os::throw_errno("cannot give up capabilities");
}

}  // namespace rookery::sandbox
