// worker/handover/custody.h
//
// Tells the master of this loop's connections: it holds a duplicate of each socket, so that the kernel keeps the
// connection if this process dies. A client is not read from before its duplicate is on its way, and so gets no reply
// before that; a connection that ends without one was never promised anything.
//
// The pipe to the master does not block. What finds no room waits here, in order, and goes out in a later turn.
#pragma once

#include <cstdint>
#include <deque>

#include "ipc/chat/control_message.h"
#include "worker/session/session_table.h"
#include "worker/worker_context.h"

namespace rookery::worker {

class Custody final {
 public:
  Custody(const WorkerContext& context, std::uint32_t loop) noexcept : context_(context), loop_(loop) {}

  // True: the duplicate is on its way. False: it waits; turn() says when it is.
  [[nodiscard]] bool hold(const Session& session);
  // The connection is over, its socket closed here.
  void drop(std::uint64_t client, std::uint32_t index);
  // A client of dead worker `worker` is carried on by this loop, and lies in its block. Waits for room in the pipe:
  // nothing may be served before. False: the master does not listen.
  [[nodiscard]] bool adopted(const Session& session, std::uint32_t worker, chat::Place from) const;
  // A client of dead worker `worker` cannot be carried on here.
  void give_up(std::uint64_t client, std::uint32_t worker, chat::Place from);

  // Tries again. held(Session&) for each session whose duplicate is on its way now.
  template <class Held>
  void turn(SessionTable& sessions, Held held) {
    while (!waiting_.empty()) {
      const chat::ControlMessage& message = waiting_.front();
      Session* session = nullptr;
      if (message.kind == chat::ControlKind::Hold) session = sessions.find(message.place.index, message.number);
      const bool moot = message.kind == chat::ControlKind::Hold && session == nullptr;
      if (!moot && !send(message)) return;
      waiting_.pop_front();
      if (session != nullptr) held(*session);
    }
  }
  [[nodiscard]] bool is_waiting() const noexcept { return !waiting_.empty(); }

 private:
  [[nodiscard]] bool send(const chat::ControlMessage& message) const;  // false: no room now
  [[nodiscard]] chat::ControlMessage about(chat::ControlKind kind, std::uint64_t client, std::uint32_t index) const {
    return {.kind = kind, .worker = context_.start.number, .number = client, .place = {loop_, index}};
  }

  const WorkerContext& context_;
  std::uint32_t loop_;
  std::deque<chat::ControlMessage> waiting_;
};

}  // namespace rookery::worker
