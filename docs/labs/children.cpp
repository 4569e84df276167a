#include "docs/labs/children.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "ipc/os/pipe.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

constexpr int kOrphan = 1;

bool ready_within(int descriptor, short events, milliseconds time) {
  const auto deadline = os::Monotonic::now() + time;
  milliseconds left = time;
  for (;;) {
    pollfd wanted{descriptor, events, 0};
    const int result = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (result >= 0) return result > 0;
    if (errno != EINTR) os::throw_errno("cannot wait for a descriptor");
    if (time < milliseconds::zero()) continue;
    left = std::max(milliseconds::zero(), std::chrono::ceil<milliseconds>(deadline - os::Monotonic::now()));
  }
}

}  // namespace

os::Process start_child(const std::function<int()>& body) {
  return os::Process::spawn([&body, parent = ::getpid()] { return os::tie_to_parent(parent) ? body() : kOrphan; });
}

os::ExitStatus wait_for_end(os::Process& child) {
  for (;;) {
    static_cast<void>(readable_within(child.pidfd(), kForEver));
    if (const std::optional<os::ExitStatus> status = child.try_wait()) return *status;
  }
}

bool readable_within(int descriptor, milliseconds time) {
  return ready_within(descriptor, POLLIN, time);
}

bool tell(int pipe, std::string_view text) {
  ROOKERY_INVARIANT(!text.empty() && text.size() <= kMostTextBytes);
  for (;;) {
    switch (os::send_message(pipe, std::as_bytes(std::span(text)))) {
      case os::TransferStatus::Done:
        return true;
      case os::TransferStatus::PeerGone:
        return false;
      case os::TransferStatus::WouldBlock:
        static_cast<void>(ready_within(pipe, POLLOUT, kForEver));
        break;
      case os::TransferStatus::Failed:
        os::throw_errno("cannot send over a pipe");
    }
  }
}

std::optional<std::string> hear(int pipe) {
  std::array<char, kMostTextBytes> buffer;
  for (;;) {
    const os::Received got = os::receive_message(pipe, std::as_writable_bytes(std::span(buffer)));
    switch (got.status) {
      case os::TransferStatus::Done:
        return std::string(buffer.data(), got.bytes);
      case os::TransferStatus::PeerGone:
        return std::nullopt;
      case os::TransferStatus::WouldBlock:
        static_cast<void>(ready_within(pipe, POLLIN, kForEver));
        break;
      case os::TransferStatus::Failed:
        os::throw_errno("cannot receive from a pipe");
    }
  }
}

}  // namespace rookery::labs
