// Names of attempts, for the tests, which make none themselves.
#include <array>

#include "tests/fault/points/attempts.h"

namespace rookery::fault {

std::string_view name_of(Attempt attempt) noexcept {
  static constexpr std::array<std::string_view, kAttempts> kNames{"open to read",
                                                                  "open to write",
                                                                  "create a file",
                                                                  "remove a file",
                                                                  "list a directory",
                                                                  "look at a file",
                                                                  "make a TCP socket",
                                                                  "connect by TCP",
                                                                  "connect by fast open",
                                                                  "connect to a Unix socket",
                                                                  "make a UDP socket",
                                                                  "make a netlink socket",
                                                                  "make a raw socket",
                                                                  "bind a port",
                                                                  "fork",
                                                                  "kill the master",
                                                                  "kill a thread of the master",
                                                                  "a pidfd of the master",
                                                                  "renice the master",
                                                                  "executable memory",
                                                                  "memory made executable",
                                                                  "a new namespace",
                                                                  "change a limit",
                                                                  "make a memfd",
                                                                  "execute a program",
                                                                  "trace the master",
                                                                  "read the master's memory",
                                                                  "load a BPF map",
                                                                  "connect by the listener"};
  return kNames[static_cast<std::size_t>(attempt)];
}

}  // namespace rookery::fault
