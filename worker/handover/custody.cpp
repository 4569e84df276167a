#include "worker/handover/custody.h"

#include <poll.h>

#include <utility>

namespace rookery::worker {

namespace {
// The master reads its pipes in every turn of its loop; who waits longer has none.
constexpr int kPatienceMs = 50;
constexpr int kMostSends = 100;
}  // namespace

// A pipe whose other end is gone takes everything: this worker is about to end.
bool Custody::send(const chat::ControlMessage& message) const {
  return chat::send_control(context_.start.control, message) != os::TransferStatus::WouldBlock;
}

bool Custody::hold(const Session& session) {
  chat::ControlMessage message = about(chat::ControlKind::Hold, session.client, session.index);
  message.passenger = session.socket.get();
  if (waiting_.empty() && send(message)) return true;
  waiting_.push_back(std::move(message));
  return false;
}

void Custody::drop(std::uint64_t client, std::uint32_t index) {
  chat::ControlMessage message = about(chat::ControlKind::Drop, client, index);
  if (waiting_.empty() && send(message)) return;
  waiting_.push_back(std::move(message));
}

bool Custody::adopted(const Session& session, std::uint32_t worker, chat::Place from) const {
  chat::ControlMessage message = about(chat::ControlKind::Adopted, session.client, session.index);
  message.worker = worker;
  message.from = from;
  for (int i = 0; i < kMostSends; ++i) {
    if (send(message)) return true;
    pollfd pipe{context_.start.control, POLLOUT, 0};
    static_cast<void>(::poll(&pipe, 1, kPatienceMs));
  }
  return false;
}

void Custody::give_up(std::uint64_t client, std::uint32_t worker, chat::Place from) {
  chat::ControlMessage message{
      .kind = chat::ControlKind::Drop, .worker = worker, .number = client, .place = from, .from = from};
  if (waiting_.empty() && send(message)) return;
  waiting_.push_back(std::move(message));
}

}  // namespace rookery::worker
