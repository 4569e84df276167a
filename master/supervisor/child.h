// master/supervisor/child.h
//
// A place among the master's children: the ledger's, or a worker's. It outlives the processes that hold it one after
// the other.
//
//     Down      nobody: before the start, between a death and the next try, after the stop
//     Starting  forked, has not said Ready
//     Serving   has said Ready
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/chat/master_region.h"
#include "ipc/os/process.h"
#include "master/supervisor/control_channel.h"
#include "master/supervisor/launcher.h"
#include "master/supervisor/restart_policy.h"

namespace rookery::master {

inline constexpr std::uint32_t kLedgerIndex = 0;  // workers follow

enum class Life : unsigned char { Down, Starting, Serving };

// Settings and logs have numbers, in one order.
struct ChangeNumbers {
  std::uint64_t settings = 0;
  std::uint64_t log = 0;
};

// How the operator sees it.
enum class ShownState : unsigned char { Starting, Serving, Stopping, Draining, BackOff, Parked, Drained, Stopped };
[[nodiscard]] std::string_view to_string(ShownState state) noexcept;

struct Child {
  explicit Child(std::uint32_t child_index) : index(child_index) {}

  const std::uint32_t index;
  Life life = Life::Down;
  os::Process process;
  ControlChannel control;
  RestartPolicy policy;
  std::uint32_t restarts = 0;
  std::uint64_t work_at_start = 0;  // Supervisor::work_of() when the newest life began

  // Of a worker's place.
  std::uint64_t slot_epoch = 0;   // its newest life; 0: it was never started
  std::uint64_t vacant_life = 0;  // the newest life that the ledger was told has no clients any more
  bool drained = false;           // by the operator: it stays down until `scale` covers it again

  // Of the process that holds the place.
  TimePoint started{};
  TimePoint worked{};  // when it last said that it is at work, while Starting; before: `started`
  TimePoint ready{};
  bool control_watched = false;  // by the poller
  bool control_full = false;     // messages wait for room
  TimePoint control_ended{};     // when the pipe's end of file was seen; the epoch: it was not
  bool told_to_stop = false;
  bool told_to_hand_over = false;
  TimePoint told{};         // to hand over
  ChangeNumbers told_of;    // the newest that went into its pipe
  ChangeNumbers has;        // the newest that it has
  bool wants_room = false;  // did not take a client that was to be handed to it
  TimePoint adopting{};     // when it was last handed a client or answered
  bool told_its_failure = false;
  std::string failure;       // what it told
  bool aborted = false;      // for want of a heartbeat
  bool was_stopped = false;  // by a signal, when it was aborted: no line's fault
  bool killed = false;       // by us, for whatever reason

  // While Down.
  TimePoint due{};  // of the next try
  bool parked = false;
  std::string why_down;        // how the newest life ended, for the operator
  bool awaits_ledger = false;  // a dead worker whose outboxes and sessions the ledger has yet to deal with
  TimePoint died{};
  bool wait_was_told = false;

  // For metrics.
  chat::EndCause ended_by = chat::EndCause::Exit;  // its newest life
  TimePoint clients_wait_since{};                  // the death of who had them; the epoch: none wait
  std::uint64_t inherited = 0;                     // clients that a starting process was given

  [[nodiscard]] bool is_ledger() const noexcept { return index == kLedgerIndex; }
  [[nodiscard]] std::uint32_t worker() const noexcept { return index - 1; }  // REQUIRES: !is_ledger()
  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool is_up() const noexcept { return life != Life::Down; }
  [[nodiscard]] std::int64_t started_ms() const noexcept;

  void begin_life(Launched launched, TimePoint now);
  void end_life(TimePoint now);

  // Ends it without asking, also when it is stopped.
  void kill() noexcept;
};

}  // namespace rookery::master
