// master/upgrade/rehearsal.h
//
// The rehearsal as the running server sees it: the new program as a child that must say yes, and say it soon. Whatever
// else it does (nothing, garbage, a crash) is a no, and has harmed nobody: it gets the regions for reading and nothing
// else.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "ipc/os/clock.h"
#include "ipc/os/process.h"
#include "master/upgrade/state.h"
#include "master/upgrade/verdict.h"

namespace rookery::master {

inline constexpr std::chrono::seconds kRehearsalWithin{5};

class Rehearsal final {
 public:
  using TimePoint = os::Monotonic::time_point;

  // Starts it. `state` as it is now: clients and conversations are left out. Throws std::system_error.
  Rehearsal(int program, std::span<const std::string> arguments, const State& state, TimePoint now);
  ~Rehearsal();
  Rehearsal(const Rehearsal&) = delete;
  Rehearsal& operator=(const Rehearsal&) = delete;

  [[nodiscard]] int pid() const noexcept { return process_.pid(); }
  [[nodiscard]] int pidfd() const noexcept { return process_.pidfd(); }
  [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }

  void on_deadline() noexcept;  // its end comes, as always, by its pidfd
  // When the pidfd is readable. Empty: it has not ended.
  [[nodiscard]] std::optional<RehearsalVerdict> on_ended();

 private:
  os::Process process_;
  os::FileDescriptor says_;
  TimePoint deadline_;
  bool too_late_ = false;
};

}  // namespace rookery::master
