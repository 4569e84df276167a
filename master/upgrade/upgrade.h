// master/upgrade/upgrade.h
//
// The installed program takes over in this process: same pid, same sockets, nobody is dropped. Which step comes when;
// docs/processes.md tells what each is for.
//
//     Idle ──ask──▶ Rehearsing ──yes──▶ HandingOver ──all children gone, exec──▶ the new program: TakingOver ──▶ Idle
//                       │ no                 │ exec fails                            │ a child dies, or too late
//                       ▼                    ▼                                       ▼
//                      Idle              Returning ──all serve──▶ Idle           GoingBack ──children gone, exec──▶
//                                                                                the old program: Returning ──▶ Idle
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/poller.h"
#include "master/console/console_host.h"
#include "master/upgrade/predecessor.h"
#include "master/upgrade/rehearsal.h"
#include "master/upgrade/state.h"

namespace rookery::master {

// What an upgrade asks of the master it happens to.
class UpgradeHost {
 public:
  virtual ~UpgradeHost() = default;

  [[nodiscard]] virtual bool can_upgrade() const = 0;  // not while it starts or stops
  // Of everything but the upgrade itself. `awaited`: whose answer the successor gives.
  [[nodiscard]] virtual State state_to_leave(std::optional<Conversation> awaited) const = 0;
  virtual void begin_hand_over() = 0;
  virtual void go_on() = 0;      // nobody has taken over
  virtual void reloading() = 0;  // for the service manager, until all serve again
  virtual void answer(Conversation who, std::string text) = 0;
};

// How this master was started.
struct Origin {
  std::vector<std::string> arguments;
  std::filesystem::path program;
  Predecessor* predecessor = nullptr;  // null: nobody was here before
};

class Upgrade final {
 public:
  using TimePoint = os::Monotonic::time_point;

  // REQUIRES: the predecessor lives longer.
  Upgrade(os::Poller& poller, UpgradeHost& host, Origin origin);

  // Empty: it has begun, and the answer comes by the host's. Else the answer. Who is nobody (a signal) waits for none.
  [[nodiscard]] std::optional<std::string> ask(std::optional<Conversation> who);

  // What the predecessor has left says who asked it, and when.
  void take_over(const State& state);

  [[nodiscard]] const std::filesystem::path& program() const noexcept { return origin_.program; }
  [[nodiscard]] bool has_way_back() const noexcept {
    return origin_.predecessor != nullptr && origin_.predecessor->program() >= 0;
  }

  // Events.
  void on_rehearsal_ended();
  void on_handed_over();  // all children are gone. Returns only where nobody takes over
  void on_everybody_serves();
  void on_take_over_failed(const std::string& why);
  void on_stop_begins();
  void on_due(TimePoint now);
  [[nodiscard]] TimePoint next_due() const noexcept;
  [[nodiscard]] bool is_rehearsal(int pid) const noexcept { return rehearsal_ && rehearsal_->pid() == pid; }

 private:
  enum class Step : unsigned char { Idle, Rehearsing, HandingOver, TakingOver, GoingBack, Returning };

  [[nodiscard]] State state_to_leave() const;
  [[nodiscard]] int execute(int program, int way_back, const std::string& why);
  [[nodiscard]] std::string duration() const;
  void finish(const std::string& answer);

  os::Poller& poller_;
  UpgradeHost& host_;
  Origin origin_;
  Step step_ = Step::Idle;
  std::optional<Conversation> asked_by_;
  TimePoint asked_{};
  os::FileDescriptor installed_;
  os::FileDescriptor running_;
  std::string from_version_;
  std::string failure_;
  std::unique_ptr<Rehearsal> rehearsal_;
};

}  // namespace rookery::master
