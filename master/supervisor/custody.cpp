// master/supervisor/custody.cpp: the clients' connections while nobody serves them, and who carries them on. Workers
// say which they have; what is held of a dead one goes to its successor.
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {
constexpr std::chrono::seconds kLostSocketsAreTold{1};
}  // namespace

bool Supervisor::on_hold(const Child& child, const chat::ControlMessage& message, os::FileDescriptor socket) {
  if (!socket) note_lost_socket(child, message.number);
  const bool held = held_.hold(child.worker(), message.place, message.number, std::move(socket));
  fault::point(fault::Point::MasterAfterHold);
  return held;
}

// It serves its client all the same; the connection ends with the worker.
void Supervisor::note_lost_socket(const Child& child, std::uint64_t client) {
  const TimePoint now = os::Monotonic::now();
  ++lost_sockets_;
  if (now - lost_sockets_told_ < kLostSocketsAreTold) return;
  lost_sockets_told_ = now;
  log::warning("the duplicate of the socket of client {} of {} was lost, at the limit of open files ({} so far)",
               client, child.name(), lost_sockets_);
}

// For a successor in the place of a dead worker: all that it had.
std::vector<worker::InheritedClient> Supervisor::heritage(std::uint32_t worker) const {
  std::vector<worker::InheritedClient> clients;
  clients.reserve(held_.count(worker));
  held_.for_each(worker, [&](chat::Place place, const HeldSocket& held) {
    clients.push_back({held.client, place, held.socket.get(), held.doubt});
    return true;
  });
  return clients;
}

}  // namespace rookery::master
