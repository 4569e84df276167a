// worker/loop/client_threads.h
//
// The classic design, `--model thread-per-client`: each client has a thread of its own that blocks in recv(), carries
// out what it read, and sends the answers. The loop's own thread does the rest: it accepts, reads the log, and writes
// what others say to all who listen.
//
// How  Everything that a loop has (sessions, topics, its outbox) is used under one lock, the turn lock, by whoever has
//      something to do: the loop for its turn, a client's thread for its client's. A thread holds it neither while it
//      waits for input nor while it waits for an answer that needs others. Nobody blocks in a write: what a socket does
//      not take is sent by the loop when it does, so a slow reader holds up nobody.
//
// Input  The thread receives into the session's buffer without the lock (`receiving`): until it is back nobody may move
//        that buffer or look at its lines, which is why resume() leaves all processing to the thread itself.
// Output  A thread sends its own client's answers without the lock, too: a send takes three times as long as all that
// is
//         done under it.
// End    A doomed session is buried by its own thread, the last thing it does: its socket must not be closed, and the
//        number given to somebody else, while recv() is still called on it. To get a thread out of recv() its socket is
//        shut down.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "ipc/os/poller.h"
#include "ipc/os/thread.h"
#include "worker/loop/turn_lock.h"
#include "worker/session/socket_watch.h"

namespace rookery::worker {

// What a client's thread has done for it, each under the turn lock. Implemented by the loop.
class ClientTurns {
 public:
  virtual ~ClientTurns() = default;

  // Once, before all others: this thread belongs to the loop now.
  virtual void thread_begins() = 0;
  virtual void thread_ends() = 0;
  // Where to receive. Empty: no input is wanted now.
  [[nodiscard]] virtual std::span<char> room_for_input(Session& session) = 0;
  // So many bytes came, 0 at the end of the input, or minus an error number.
  virtual void received(Session& session, ssize_t got) = 0;
  // Its input is looked at again.
  virtual void resumed(Session& session) = 0;
  // After either of them: its own answers, to be sent without the lock; see Delivery::begin_own_send().
  [[nodiscard]] virtual bool begin_own_send(Session& session, std::vector<iovec>& parts) = 0;
  virtual void end_own_send(Session& session, std::span<const iovec> parts, ssize_t sent) = 0;
  // And all else that follows.
  virtual void end_client_turn() = 0;
  // The thread has nothing to do with it any more.
  virtual void bury(Session& session) = 0;
};

class ClientThreads final : public SocketWatch {
 public:
  ClientThreads(TurnLock& turn_lock, os::Poller& poller, ClientTurns& turns) noexcept
      : turn_lock_(turn_lock), poller_(poller), turns_(turns) {}
  ~ClientThreads() override { end_all(); }

  [[nodiscard]] int socket_flags() const noexcept override { return 0; }  // its recv() blocks
  [[nodiscard]] int begin(Session& session) override;
  [[nodiscard]] bool update(Session& session) override;
  [[nodiscard]] bool resume(Session& session) override;
  [[nodiscard]] bool release(Session& session) override;

  // Joins the threads of clients that have gone. Now and then, under the turn lock.
  void reap() noexcept { finished_.clear(); }
  // Ends and joins those that are left; their sessions stay as they are. Call it without the turn lock.
  void end_all();

 private:
  // By the session's index; all of it under the turn lock.
  struct Seat {
    os::Thread thread;
    std::condition_variable_any called;
    std::vector<iovec> parts;  // of its own answers
    bool receiving = false;
    bool resumed = false;
  };

  [[nodiscard]] Seat& seat_of(const Session& session);
  void serve(Session& session, Seat& seat);
  void receive(std::unique_lock<TurnLock>& turn, Session& session, Seat& seat);
  void answer(std::unique_lock<TurnLock>& turn, Session& session, Seat& seat);
  void wait(std::unique_lock<TurnLock>& turn, Session& session, Seat& seat);
  static void call(Session& session, Seat& seat);

  TurnLock& turn_lock_;
  os::Poller& poller_;
  ClientTurns& turns_;
  std::deque<Seat> seats_;
  std::vector<Session*> served_;      // by index; null where no thread is
  std::vector<os::Thread> finished_;  // to be joined
  bool ending_ = false;
};

}  // namespace rookery::worker
