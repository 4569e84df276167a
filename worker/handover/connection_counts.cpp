#include "worker/handover/connection_counts.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace rookery::worker {

namespace {

// Of enum tcp_state in the kernel; <netinet/tcp.h> has them, but not together with <linux/tcp.h>.
constexpr std::uint8_t kEstablished = 1;
constexpr std::uint8_t kFinWait1 = 4;
constexpr std::uint8_t kFinWait2 = 5;
constexpr std::uint8_t kCloseWait = 8;
constexpr std::uint8_t kLastAck = 9;
constexpr std::uint8_t kClosing = 11;

// Acknowledgements come while we ask: until nothing has moved between two looks.
constexpr int kMostLooks = 1000;

bool look(int socket, tcp_info& info) noexcept {
  socklen_t bytes = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0;
}

}  // namespace

std::optional<ConnectionCounts> connection_counts(int socket) noexcept {
  for (int i = 0; i < kMostLooks; ++i) {
    tcp_info before{};
    tcp_info after{};
    int unread = 0;
    int unacknowledged = 0;
    if (!look(socket, before) || ::ioctl(socket, SIOCINQ, &unread) != 0 ||
        ::ioctl(socket, SIOCOUTQ, &unacknowledged) != 0 || !look(socket, after))
      return std::nullopt;
    if (before.tcpi_bytes_acked != after.tcpi_bytes_acked || before.tcpi_bytes_received != after.tcpi_bytes_received ||
        before.tcpi_state != after.tcpi_state)
      continue;
    const std::uint8_t state = after.tcpi_state;
    ConnectionCounts counts;
    counts.peer_ended = state == kCloseWait || state == kLastAck || state == kClosing;
    counts.we_ended = state == kFinWait1 || state == kFinWait2 || state == kLastAck || state == kClosing;
    if (state != kEstablished && !counts.peer_ended && !counts.we_ended) return std::nullopt;
    const std::uint64_t received = after.tcpi_bytes_received;
    const std::uint64_t acknowledged = after.tcpi_bytes_acked;
    counts.received = received - static_cast<std::uint64_t>(unread) - (counts.peer_ended ? 1 : 0);
    counts.written = acknowledged + static_cast<std::uint64_t>(unacknowledged) - (counts.we_ended ? 1 : 0);
    return counts;
  }
  return std::nullopt;
}

}  // namespace rookery::worker
