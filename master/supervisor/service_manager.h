// master/supervisor/service_manager.h
//
// Tells systemd how we are, where it is systemd that started us (NOTIFY_SOCKET); elsewhere all of this does nothing.
//
//     service.ready();                 // serving; also the end of reloading()
//     service.show(clients, 3, 4);     // at any pace: told when it has changed, every two seconds at most
//     service.on_due(now);             // from the master's loop, and nowhere else: it feeds the watchdog
//
// Nothing here waits. What the service manager does not take at once is told again a little later; of what changes only
// the newest.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::master {

class ServiceManager final {
 public:
  using TimePoint = os::Monotonic::time_point;

  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and leaves them: after an upgrade another program needs them.
  ServiceManager();

  // Not yet: the start is to be waited for once more.
  void starting();
  void ready();
  void reloading();
  // The end may take so long; the service manager waits for that time and some more.
  void stopping(std::chrono::milliseconds within);
  void show(std::uint64_t clients, std::size_t workers_serving, std::size_t workers_wanted);

  void on_due(TimePoint now);
  [[nodiscard]] TimePoint next_due() const noexcept;

 private:
  void tell_state(std::string state);
  [[nodiscard]] bool send(const std::string& text);

  std::string address_;  // as in sockaddr_un::sun_path; empty: nobody wants to know
  os::FileDescriptor socket_;
  std::chrono::microseconds watchdog_period_{0};  // zero: there is none
  TimePoint watchdog_due_ = TimePoint::max();
  bool has_complained_ = false;
  std::string state_;  // not taken yet
  std::string status_;
  bool status_is_told_ = true;
  TimePoint status_due_{};
  TimePoint again_ = TimePoint::max();
};

}  // namespace rookery::master
