// worker/loop/event_loop.h
//
// One event loop: owns client sockets, and turns. A turn takes what the sockets, the pool and the ledger have brought,
// puts the clients' records into the outbox, reads the log, and gives every client one write of what is new to it.
//
// The order within a turn is what makes the answers right:
//   commands, results of the pool    everything before the loop's log position is delivered: replies fit in there
//   receipts                         of what is durable by now
//   the ledger is woken              it works while we write
//   the log is read and flushed      receipts and messages leave in the same write
//   pongs                            the log is delivered up to where it was at the ping
//
// Who may use it  One thread runs a loop; the others only post to its mailbox. With a thread per client the clients'
//                 threads take turns with it under its lock (worker/loop/client_threads.h).
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "worker/commands/barrier.h"
#include "worker/commands/command_context.h"
#include "worker/commands/history_desk.h"
#include "worker/handover/successor.h"
#include "worker/limits/client_watch.h"
#include "worker/limits/password_desk.h"
#include "worker/log/log_follower.h"
#include "worker/loop/acceptor.h"
#include "worker/loop/client_ids.h"
#include "worker/loop/client_threads.h"
#include "worker/loop/mailbox.h"
#include "worker/loop/polled_sockets.h"
#include "worker/session/input.h"
#include "worker/session/session_table.h"
#include "worker/worker_context.h"

namespace rookery::worker {

enum class LoopEnd : unsigned char { Stopped, Lapped };

class EventLoop final : private ClientTurns {
 public:
  EventLoop(WorkerContext& context, std::uint32_t loop);
  ~EventLoop() override;

  // Called once, in the loop's thread, when it can serve.
  std::function<void()> on_ready;
  // A further descriptor for this loop to watch, the control pipe.
  void watch(int descriptor, std::function<void()> on_readable);

  // Turns until it is stopped and its clients are gone, or the deadline has passed.
  LoopEnd run();

  // From any thread.
  Mailbox& mailbox() noexcept { return mailbox_; }

  // In the loop's thread: from now on no new clients and no new commands; tells the clients, drains, ends by
  // `deadline`.
  void stop(os::Monotonic::time_point deadline);
  // In the loop's thread: false when there is no such client here.
  bool kick(std::uint64_t client, const std::string& reason);
  // In the loop's thread: carries a dead worker's client on, as soon as it has read the log.
  void adopt(Arrival arrival);
  // From any thread.
  [[nodiscard]] std::uint64_t connections() const noexcept {
    return control_.connections.load(std::memory_order_relaxed);
  }
  // In the loop's thread: from now on these hold.
  void change(const chat::RuntimeSettings& settings);
  // In the loop's thread: closes what comes from that network, and takes no more of it until then.
  void shut_out(const chat::SourceAddress& network, os::Monotonic::time_point until);

 private:
  static constexpr std::uint64_t kBellToken = 2;
  static constexpr std::uint64_t kWatchToken = 3;

  void thread_begins() override;
  void thread_ends() override;
  [[nodiscard]] std::span<char> room_for_input(Session& session) override;
  void received(Session& session, ssize_t got) override;
  void resumed(Session& session) override;
  void bury(Session& session) override;
  [[nodiscard]] bool begin_own_send(Session& session, std::vector<iovec>& parts) override;
  void end_own_send(Session& session, std::span<const iovec> parts, ssize_t sent) override;
  void end_client_turn() override;

  bool turn();  // false: it was the last
  void wait(LoopTurn& turn);
  void handle(const epoll_event& event);
  void handle_session(const epoll_event& event);
  void resume_sessions();
  void hash_passwords();
  void read_log();
  void adopt_arrivals();
  void look_at_accounts();
  void look_at_bans();
  void settle_receipts();
  void storing_changed(Storing storing);
  void bury_doomed();
  void housekeeping();
  void settle_guests();
  [[nodiscard]] bool has_work() const noexcept;
  [[nodiscard]] bool drained() const noexcept;
  void close_idle_for_stop();

  WorkerContext& context_;
  std::uint32_t loop_;
  chat::LoopControl& control_;
  os::Poller poller_;
  TurnLock turn_lock_;  // where clients have threads; held but for the time that the loop sleeps
  PolledSockets polled_;
  std::unique_ptr<ClientThreads> threads_;  // none: polled_ it is
  SocketWatch& watch_;
  shm::DoorbellReader bell_;
  shm::DoorbellRinger own_bell_;  // by clients' threads
  Mailbox mailbox_;
  BufferPool buffers_;
  SessionTable sessions_;
  Outbox outbox_;
  ClientIds ids_;
  Delivery delivery_;
  Receipts receipts_;
  LogFollower follower_;
  HistoryDesk history_;
  Barrier barrier_;
  PasswordDesk passwords_;
  BanList bans_;
  CommandContext commands_;
  Input input_;
  Custody custody_;
  Successor successor_;
  Acceptor acceptor_;
  ClientWatch client_watch_;

  std::function<void()> on_watched_;
  std::vector<Arrival> arrivals_;
  shm::Position arrivals_from_ = 0;  // what was published when the newest of them arrived
  bool ready_ = false;
  bool more_log_ = false;
  bool lapped_ = false;
  bool stopping_ = false;
  bool guests_unsettled_ = true;  // some may have begun under another rule, also with a worker before this one
  static constexpr std::uint64_t kLookAgain = ~std::uint64_t{0};
  std::uint64_t account_changes_ = kLookAgain;  // in the user table, when it was last looked at
  Storing storing_ = Storing::Works;            // at the newest turn
  os::Monotonic::time_point now_;
  os::Monotonic::time_point deadline_{};
  os::Monotonic::time_point next_housekeeping_{};
};

}  // namespace rookery::worker
