// master/metrics/exporter_keeper.h
//
// The master's side of the exporter: starts it, starts it again when it has died, ends it. It stands beside the
// Supervisor, because nothing of the server depends on it: no death of it is told to anybody, none ends the server.
//
// With --metrics off all of this does nothing.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "ipc/chat/runtime_settings.h"
#include "ipc/os/poller.h"
#include "master/supervisor/launcher.h"
#include "master/supervisor/master_book.h"
#include "master/supervisor/restart_policy.h"

namespace rookery::master {

class ExporterKeeper final {
 public:
  // `probe_store` is called when the exporter wants to know whether the store can be written.
  ExporterKeeper(os::Poller& poller, Launcher& launcher, MasterBook& book, std::function<void()> probe_store);

  void keep();  // from now on there is one
  void end();   // from now on there is none; is_up() says when that is true

  [[nodiscard]] bool is_up() const noexcept { return static_cast<bool>(process_); }
  // It was ended and is still there: it hangs in the kernel (a file system that is gone), where no signal reaches it.
  // So it is left behind, and nobody waits for it any longer.
  [[nodiscard]] bool is_awaited(TimePoint now) const noexcept { return is_up() && (wanted_ || now < end_deadline_); }
  [[nodiscard]] bool is_exporter(int pid) const noexcept { return is_up() && process_.pid() == pid; }

  // What is new for all processes: the settings, and whether descriptor 2 is another file.
  void change(const std::optional<chat::RuntimeSettings>& settings, bool log);

  // Events.
  void on_control();
  void on_ended();
  void on_due(TimePoint now);
  [[nodiscard]] TimePoint next_due() const noexcept;

 private:
  void start(TimePoint now);
  void died(TimePoint now, chat::EndCause why);

  os::Poller& poller_;
  Launcher& launcher_;
  MasterBook& book_;
  std::function<void()> probe_store_;
  os::Process process_;
  ControlChannel control_;
  RestartPolicy policy_;
  bool wanted_ = false;
  bool control_watched_ = false;
  bool has_died_ = false;
  chat::EndCause ended_by_ = chat::EndCause::Exit;
  TimePoint due_{};
  TimePoint end_deadline_{};
  TimePoint ready_{};  // of this life; the epoch: it is not
};

}  // namespace rookery::master
