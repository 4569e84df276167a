#include "master/supervisor/descriptor_limit.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sysexits.h>

#include <algorithm>

#include "master/supervisor/start_error.h"

namespace rookery::master {

namespace {
constexpr std::uint64_t kUnderWay = 64;  // sockets of clients that have gone, whose Drop has not been read
}  // namespace

std::uint64_t descriptors_besides_clients(std::uint32_t workers, std::uint32_t loops) noexcept {
  const std::uint64_t regions = 4 + std::uint64_t{workers};
  const std::uint64_t doorbells = 1 + std::uint64_t{workers} * loops;
  const std::uint64_t children = 1 + std::uint64_t{workers};
  // Both ends or both descriptors of each; a pidfd and a pipe for each child; in a worker a poller and a timer for each
  // loop instead, which is less.
  const std::uint64_t counted = 2 * regions + 2 * doorbells + 2 * children;
  // Standard streams, lock, listener, console and its connections, and what libraries open for a moment.
  constexpr std::uint64_t kOthers = 96;
  return counted + kOthers + kUnderWay;
}

std::uint32_t clients_within(std::uint64_t limit, std::uint64_t besides, std::optional<std::uint32_t> asked,
                             std::uint32_t wanted) {
  const std::uint64_t room = limit > besides ? limit - besides : 0;
  const auto refuse = [&](std::uint64_t clients) {
    return StartError(EX_CONFIG, fmt::format("{} clients need {} open files, but the limit is {}: raise it with "
                                             "`ulimit -n {}`, or LimitNOFILE={} in a systemd unit, or set a lower "
                                             "--max-clients",
                                             clients, clients + besides, limit, clients + besides, clients + besides));
  };
  if (asked) {
    if (*asked > room) throw refuse(*asked);
    return *asked;
  }
  if (room < kFewestClients) throw refuse(kFewestClients);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(room, wanted));
}

std::uint64_t most_sockets_held(std::uint64_t limit, std::uint64_t besides) noexcept {
  return (limit > besides ? limit - besides : 0) + kUnderWay;
}

std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return limit.rlim_cur;
}

}  // namespace rookery::master
