// master/supervisor/supervisor.h
//
// Starts the children, keeps them alive, ends them. One named function for each thing that can happen; the loop that
// calls them is master/supervisor/master.h. States, deaths and the stop are described in docs/processes.md.
//
// Nothing here blocks, sleeps or trusts a child: messages are bounded and checked, and a worker that says what only a
// ledger may say is killed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ipc/chat/shared_state.h"
#include "ipc/os/poller.h"
#include "master/console/commands.h"
#include "master/supervisor/child.h"
#include "master/supervisor/heartbeat.h"
#include "master/supervisor/held_sockets.h"
#include "master/supervisor/launcher.h"
#include "master/supervisor/master_book.h"
#include "master/supervisor/penalty_box.h"
#include "master/supervisor/rates.h"
#include "master/supervisor/regions.h"
#include "master/upgrade/state.h"

namespace rookery::master {

// How the run ended; `why` is for the operator, and empty where all went well.
struct Outcome {
  int exit_code = 0;
  std::string why;
};

struct WorkersUp {
  std::size_t serving = 0;
  std::size_t wanted = 0;
};

class Supervisor final {
 public:
  struct Hooks {
    std::function<void()> start_takes_long;  // every now and then
    std::function<void()> everybody_serves;
    std::function<void()> stop_begins;  // close the listener
    std::function<void(std::uint64_t client)> client_kicked;
    std::function<void(Conversation, std::string answer)> answer;  // to drain() and scale()
    std::function<void(const std::string& why)> take_over_failed;
    std::function<bool(int pid)> ended_elsewhere;  // a child of the master's that is none of ours
  };

  // `workers` of the places in `state` are filled at the start.
  Supervisor(os::Poller& poller, chat::SharedState& state, Launcher& launcher, std::uint32_t workers,
             std::chrono::milliseconds stop_timeout, Hooks hooks);

  void begin_start();

  // Events.
  void on_child_control(std::uint32_t index, std::uint32_t events);
  void on_child_ended(std::uint32_t index);
  void on_check(TimePoint now);  // each kHeartbeatCheck
  void on_due(TimePoint now);    // after every turn of the loop
  [[nodiscard]] TimePoint next_due() const noexcept;

  // Asked a second time it becomes a forced end.
  void stop(const std::string& why);
  [[nodiscard]] bool is_stopping() const noexcept { return phase_ >= Phase::StoppingWorkers; }
  [[nodiscard]] bool ended() const noexcept { return phase_ == Phase::Ended; }
  [[nodiscard]] const Outcome& outcome() const noexcept { return outcome_; }

  // Another program takes over in this process (hand_over.cpp).
  void begin_hand_over();  // ends all children; clients stay as they are
  [[nodiscard]] bool handed_over() const noexcept { return phase_ == Phase::HandingOver && !any_child_up(); }
  void save(State& state) const;
  // In place of begin_start(), with what another program has saved. Where there is a way back, the first child that
  // dies before everybody serves, or half a minute without that, is take_over_failed().
  void take_over(const State& state, bool may_go_back);
  void go_on();  // nobody has taken over
  [[nodiscard]] bool can_hand_over() const noexcept {
    return phase_ == Phase::Serving && !taking_over_ && plans_.empty();
  }

  // For metrics (bookkeeping.cpp).
  [[nodiscard]] MasterBook& book() noexcept { return book_; }
  void keep_book() noexcept;  // after every turn of the loop
  void probe_store();         // the ledger says in its region whether it can write

  // For the console.
  [[nodiscard]] std::vector<ClientRow> clients() const;
  [[nodiscard]] std::uint64_t count_clients() const;
  [[nodiscard]] WorkersUp workers_up() const noexcept;
  [[nodiscard]] std::vector<ProcessRow> processes() const;
  [[nodiscard]] std::vector<ShutOutRow> shut_out() const;
  void describe(ServerStatus& status) const;  // what it knows
  [[nodiscard]] bool broadcast(const std::string& text);
  void kick(std::uint64_t client, const std::string& reason);
  [[nodiscard]] std::string kill(std::uint64_t slot);

  // What an operator plans (scale.cpp). The answer, or nothing: then it comes by Hooks::answer, when it is done.
  [[nodiscard]] std::optional<std::string> drain(Conversation who, std::uint64_t slot);
  [[nodiscard]] std::optional<std::string> scale(Conversation who, std::uint64_t workers);
  void scale_by(int more, const std::string& why);
  void scale_to(std::uint64_t workers, const std::string& why);

  // What is new for all processes (changes.cpp). `answer` is given when all that live have it. REQUIRES:
  // why_not_now() is empty.
  struct NewState {
    std::optional<chat::RuntimeSettings> settings;
    bool log = false;  // descriptor 2 is another file
  };
  void change(const NewState& what, std::optional<Conversation> who, std::string answer);
  void set_stop_timeout(std::chrono::milliseconds timeout) noexcept { stop_timeout_ = timeout; }
  [[nodiscard]] std::string why_not_now() const;  // "ERR ..."; empty: all serve

  // Passes a request on to the ledger (requests.cpp). The answer, or nothing: then it comes by Hooks::answer.
  [[nodiscard]] std::optional<std::string> ask_ledger(Conversation who, const std::string& request);

 private:
  enum class Phase : unsigned char {
    StartingLedger,
    StartingWorkers,
    Serving,
    HandingOver,
    StoppingWorkers,
    StoppingLedger,
    Ended
  };

  // Starts, messages, deaths (supervisor.cpp).
  void start(Child& child);
  void start_failed(Child& child, const std::string& why);
  void read_messages(Child& child, int at_most);
  void on_message(Child& child, chat::ReceivedControl received);
  void on_ready(Child& child);
  void on_ledger_works();
  void on_ledger_ready();
  void on_worker_ready();
  void on_slot_clean(std::uint32_t worker);
  void on_slot_damaged(std::uint32_t worker, const std::string& what);
  void on_failed(Child& child, const chat::ControlMessage& message);
  void on_nonsense(Child& child, std::string_view what);  // ends it
  void on_control_ended(Child& child);
  void log_end(const Child& child, int pid, const std::optional<os::ExitStatus>& status) const;
  [[nodiscard]] std::uint64_t work_of(const Child& child) const noexcept;
  [[nodiscard]] bool is_indispensable(const Child& child) const noexcept;
  void plan_restart(Child& child, TimePoint now, const RestartPolicy::PastLife& life);
  void tell_ledger_of_death(std::uint32_t worker);
  void set_ledger_away(bool away);
  [[nodiscard]] bool may_start(const Child& child) const noexcept;
  void send(Child& child, chat::ControlMessage message);
  [[nodiscard]] bool try_send(Child& child, chat::ControlMessage message);
  void watch_control(Child& child);  // for input, and for room where messages wait
  [[nodiscard]] bool watch_end(const Child& child);

  // Clients' connections (custody.cpp). False: nonsense.
  [[nodiscard]] bool on_hold(const Child& child, const chat::ControlMessage& message, os::FileDescriptor socket);
  void note_lost_socket(const Child& child, std::uint64_t client);
  [[nodiscard]] bool on_drop(Child& child, const chat::ControlMessage& message);
  [[nodiscard]] bool on_adopted(Child& child, const chat::ControlMessage& message);
  [[nodiscard]] std::vector<worker::InheritedClient> heritage(std::uint32_t worker) const;
  void carry_on(TimePoint now);  // after every turn
  void hand_to_others(Child& dead);
  [[nodiscard]] Child* fewest_clients(TimePoint now) noexcept;
  [[nodiscard]] bool starts_soon(const Child& child, TimePoint now) const noexcept;
  [[nodiscard]] bool can_adopt(const Child& child) const noexcept;
  void tell_vacant(Child& child);
  void clear_buffers(std::uint32_t worker);
  void send_vacant(const Child& child);

  // What an operator plans (scale.cpp).
  struct Plan {
    std::optional<Conversation> who;  // a signal has nobody to answer
    std::optional<std::uint32_t> drain;
    std::uint32_t scale = 0;
    TimePoint deadline{};
  };
  [[nodiscard]] bool is_wanted(const Child& child) const noexcept;
  [[nodiscard]] std::string set_scale(std::uint64_t workers);
  void retire();  // after every turn: who is not wanted hands over, if somebody else serves
  void hand_over(Child& child);
  void check_plans(TimePoint now);
  [[nodiscard]] std::optional<std::string> verdict(const Plan& plan, TimePoint now) const;
  [[nodiscard]] bool is_empty(const Child& child) const noexcept;

  struct Change {
    std::optional<Conversation> who;
    ChangeNumbers awaited;
    TimePoint deadline{};
    std::string answer;
  };
  void tell_changes(Child& child);
  [[nodiscard]] static bool on_changed(Child& child, const chat::ControlMessage& message);  // false: nonsense
  void check_changes(TimePoint now);
  void refuse_changes();

  // What the ledger was asked (requests.cpp).
  struct Request {
    Conversation who;
    TimePoint deadline;
    std::string lines;  // of the answer, so far
  };
  [[nodiscard]] bool on_ledger_reply(const chat::ControlMessage& message);
  void give_up_requests(std::string_view answer);
  void check_requests(TimePoint now);

  // Heartbeats and time-outs (watch.cpp).
  void check_heartbeat(Child& child);
  void check_time_outs(Child& child, TimePoint now);
  void reap_strangers();

  // For metrics (bookkeeping.cpp).
  [[nodiscard]] chat::ServerPhase phase_for_metrics() const noexcept;
  [[nodiscard]] static chat::EndCause cause_of_end(const Child& child,
                                                   const std::optional<os::ExitStatus>& status) noexcept;
  void note_restart(const Child& child) noexcept;
  void begin_pause(Child& child, TimePoint now) noexcept;
  void end_pause(Child& child, TimePoint now) noexcept;
  void note_heritage(Child& child) noexcept;
  void note_adoption(std::uint32_t dead, bool adopted) noexcept;

  // Crashes (blame.cpp).
  void hold_to_account(const Child& child, const std::optional<os::ExitStatus>& status, TimePoint now);
  void tell_shut_out(Child& child, const PenaltyBox::Penalty& penalty, TimePoint now);

  // The end (stop.cpp).
  void fail_start(int exit_code, const std::string& why);
  void begin_stop();
  void send_stop(Child& child);
  void ended_while_stopping(Child& child, const std::optional<os::ExitStatus>& status);
  void go_on_stopping();
  void start_failed_while_stopping();
  void on_stop_deadline();
  void force_end(const std::string& why);
  void mark_unclean() noexcept;
  [[nodiscard]] bool any_worker_up() const noexcept;

  // Upgrades (hand_over.cpp).
  void go_on_handing_over();
  void on_hand_over_deadline();
  void begin_take_over(bool may_go_back);
  [[nodiscard]] bool give_up_take_over(const std::string& why);  // false: there is nothing to give up
  void on_ready_while_taking_over();
  [[nodiscard]] bool any_child_up() const noexcept;

  // The console's view (view.cpp).
  [[nodiscard]] ShownState shown_state(const Child& child) const noexcept;
  [[nodiscard]] bool has_clients(const Child& child) const noexcept;
  [[nodiscard]] bool is_shown(const Child& child) const noexcept;
  [[nodiscard]] std::string posting_trouble() const;
  void look_at_rates(TimePoint now);

  [[nodiscard]] Child& ledger() noexcept { return children_[kLedgerIndex]; }
  [[nodiscard]] const Child& ledger() const noexcept { return children_[kLedgerIndex]; }

  os::Poller& poller_;
  chat::SharedState& state_;
  Launcher& launcher_;
  std::chrono::milliseconds stop_timeout_;
  Hooks hooks_;
  Regions regions_;
  MasterBook book_;
  std::vector<Child> children_;
  CheckTimer check_timer_;
  Rates rates_;
  PenaltyBox penalties_;
  HeldSockets held_;
  std::uint64_t most_held_;
  std::uint64_t lost_sockets_ = 0;
  TimePoint lost_sockets_told_{};
  TimePoint probed_{};

  Phase phase_ = Phase::StartingLedger;
  Outcome outcome_;
  TimePoint stop_deadline_{};
  bool forced_ = false;
  bool ledger_was_ready_ = false;  // in this run, so something may wait to be made durable
  bool ledger_got_last_chance_ = false;
  TimePoint hand_over_deadline_{};
  bool taking_over_ = false;  // from another program, or again after nobody has taken over: not all serve yet
  bool may_go_back_ = false;
  TimePoint take_over_deadline_{};
  std::uint32_t scale_;      // places below this one are to serve
  std::vector<Plan> plans_;  // not answered yet
  std::vector<Change> changes_;
  ChangeNumbers newest_;
  std::uint64_t last_change_ = 0;
  std::string settings_text_;
  std::unordered_map<std::uint64_t, Request> requests_;
  std::uint64_t last_request_ = 0;
  bool ledger_away_ = false;  // parked, or on the try after that: workers are in read-only mode
};

}  // namespace rookery::master
