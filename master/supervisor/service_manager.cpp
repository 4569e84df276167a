#include "master/supervisor/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/errors.h"

namespace rookery::master {

namespace {

constexpr std::chrono::seconds kStatusPause{2};
// A socket that is full is one whose reader is busy: it takes our word in a moment.
constexpr std::chrono::milliseconds kTryAgain{250};
constexpr std::chrono::microseconds kShortestPeriod{10'000};
// Until it is said again, or all serve: the master gives the ledger 60 s, then workers 10.
constexpr std::chrono::seconds kStartGetsOn{90};
// Besides the time-out itself: killing what is left, and reaping it.
constexpr std::chrono::seconds kToEnd{15};

std::int64_t to_us(ServiceManager::TimePoint time) noexcept {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

// Empty where there is none, or one that is no Unix socket (a virtual machine's): sd_notify(3).
std::string address_of_service_manager() {
  const char* const variable = std::getenv("NOTIFY_SOCKET");
  if (variable == nullptr || *variable == '\0') return {};
  std::string address = variable;
  if ((address.front() != '/' && address.front() != '@') || address.size() >= sizeof sockaddr_un::sun_path) {
    log::warning("cannot tell the service manager anything: NOTIFY_SOCKET is {}", address);
    return {};
  }
  if (address.front() == '@') address.front() = '\0';  // in the abstract namespace
  return address;
}

}  // namespace

ServiceManager::ServiceManager() : address_(address_of_service_manager()) {
  if (address_.empty()) return;
  socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) log::warning("cannot tell the service manager anything: {}", os::error_text(errno));
  std::uint64_t limit_us = 0;
  if (!socket_ || ::sd_watchdog_enabled(0, &limit_us) <= 0) return;
  watchdog_period_ = std::max(std::chrono::microseconds(limit_us / 2), kShortestPeriod);
  watchdog_due_ = os::Monotonic::now();
}

// What is not taken is not told again: there is a next time.
void ServiceManager::starting() {
  if (socket_)
    static_cast<void>(send(fmt::format("EXTEND_TIMEOUT_USEC={}", std::chrono::microseconds(kStartGetsOn).count())));
}

void ServiceManager::ready() {
  tell_state(fmt::format("READY=1\nMAINPID={}", ::getpid()));
}

void ServiceManager::reloading() {
  tell_state(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", to_us(os::Monotonic::now())));
}

void ServiceManager::stopping(std::chrono::milliseconds within) {
  const auto extension = std::chrono::duration_cast<std::chrono::microseconds>(within + kToEnd);
  tell_state(fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}", extension.count()));
}

void ServiceManager::show(std::uint64_t clients, std::size_t workers_serving, std::size_t workers_wanted) {
  if (!socket_) return;
  std::string status =
      workers_serving == workers_wanted
          ? fmt::format("{} clients, {} workers", clients, workers_serving)
          : fmt::format("{} clients, {} of {} workers serve", clients, workers_serving, workers_wanted);
  if (status == status_) return;
  status_ = std::move(status);
  status_is_told_ = false;
}

void ServiceManager::tell_state(std::string state) {
  if (!socket_) return;
  state_.clear();  // what was not taken is overtaken
  if (send(state)) return;
  state_ = std::move(state);
  again_ = os::Monotonic::now() + kTryAgain;
}

void ServiceManager::on_due(TimePoint now) {
  if (!socket_) return;
  if (watchdog_due_ <= now)
    watchdog_due_ = now + (send("WATCHDOG=1") ? watchdog_period_
                                              : std::min<std::chrono::microseconds>(watchdog_period_, kTryAgain));
  if (again_ <= now) {
    again_ = TimePoint::max();
    if (!state_.empty()) tell_state(std::move(state_));
  }
  if (!status_is_told_ && status_due_ <= now) {
    status_is_told_ = send("STATUS=" + status_);
    status_due_ = now + kStatusPause;
  }
}

ServiceManager::TimePoint ServiceManager::next_due() const noexcept {
  return std::min(watchdog_due_, again_);  // a status may wait for the next turn
}

// False: to be tried again. To one that is gone or refuses us there is nothing to say.
bool ServiceManager::send(const std::string& text) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() + (address_.front() != '\0'));
  const auto* const address = reinterpret_cast<const sockaddr*>(&to);
  while (::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL, address, size) < 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) return false;
    if (!std::exchange(has_complained_, true))  // it would be a line a second
      log::warning("cannot tell the service manager {}: {}", std::string_view(text).substr(0, text.find('\n')),
                   os::error_text(errno));
    break;
  }
  return true;
}

}  // namespace rookery::master
