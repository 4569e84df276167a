#include "ipc/os/poller.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

#include "ipc/os/errors.h"

namespace rookery::os {

namespace {
// Events taken from the kernel at once. More would delay the drain of the log behind reading sockets.
constexpr std::size_t kEventsAtOnce = 256;
}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), ready_(kEventsAtOnce) {
  if (!epoll_) throw_errno("cannot create an epoll instance");
}

bool Poller::add(int descriptor, std::uint32_t events, std::uint64_t token) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool Poller::modify(int descriptor, std::uint32_t events, std::uint64_t token) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event) == 0;
}

void Poller::remove(int descriptor) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

std::span<const epoll_event> Poller::wait(std::chrono::milliseconds timeout) noexcept {
  const auto limit = std::clamp<std::int64_t>(timeout.count(), -1, std::numeric_limits<int>::max());
  const int count = ::epoll_wait(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()), static_cast<int>(limit));
  if (count < 0) {
    ROOKERY_INVARIANT(errno == EINTR);
    return {};
  }
  return {ready_.data(), static_cast<std::size_t>(count)};
}

std::span<const epoll_event> Poller::wait_precisely(std::chrono::nanoseconds timeout) noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  timespec limit{};
  limit.tv_sec = seconds.count();
  limit.tv_nsec = (timeout - seconds).count();
  const int count = ::epoll_pwait2(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()),
                                   timeout.count() < 0 ? nullptr : &limit, nullptr);
  if (count < 0) {
    ROOKERY_INVARIANT(errno == EINTR);
    return {};
  }
  return {ready_.data(), static_cast<std::size_t>(count)};
}

}  // namespace rookery::os
