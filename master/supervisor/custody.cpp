// master/supervisor/custody.cpp: the clients' connections while nobody serves them, and who carries them on. Workers
// say which they have; what is held of a dead one goes to its successor in the place if there is to be one in a moment,
// else to the workers that serve.
#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {
constexpr std::chrono::seconds kLostSocketsAreTold{1};
// A new process takes some 10 ms; to be handed to others costs each of them as much work as that.
constexpr std::chrono::milliseconds kSoon{50};
// So long an adopter with a full pipe is waited for, so that clients are spread evenly. Then the others take its share.
constexpr std::chrono::milliseconds kSlowAdopter{200};
constexpr std::string_view kInDoubt = "workers have died of its requests";
}  // namespace

bool Supervisor::on_hold(const Child& child, const chat::ControlMessage& message, os::FileDescriptor socket) {
  if (held_.total() >= most_held_) socket.reset();  // a wild one sends us any descriptors: ours must last
  if (!socket) note_lost_socket(child, message.number);
  const bool held = held_.hold(child.worker(), message.place, message.number, std::move(socket));
  fault::point(fault::Point::MasterAfterHold);
  return held;
}

// It serves its client all the same; the connection ends with the worker.
void Supervisor::note_lost_socket(const Child& child, std::uint64_t client) {
  const TimePoint now = os::Monotonic::now();
  ++lost_sockets_;
  chat::count(book_.header().lost_sockets);
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

// A client of its own, or one of a dead worker that it was to carry on and cannot.
bool Supervisor::on_drop(Child& child, const chat::ControlMessage& message) {
  if (message.worker == child.worker()) return held_.drop(child.worker(), message.place, message.number);
  if (is_stopping()) return true;
  child.adopting = os::Monotonic::now();
  const bool known = held_.given_up(message.worker, message.from, message.number, child.worker());
  if (known) note_adoption(message.worker, false);
  return known;
}

// Only what was sent is waiting for an answer, see hand_to_others(): nobody gets a socket by asking for it.
bool Supervisor::on_adopted(Child& child, const chat::ControlMessage& message) {
  if (is_stopping()) return true;  // the dead worker's are dropped already
  child.adopting = os::Monotonic::now();
  const bool known = held_.moved(message.worker, message.from, message.number, child.worker(), message.place);
  if (known) note_adoption(message.worker, true);
  return known;
}

bool Supervisor::can_adopt(const Child& child) const noexcept {
  return !child.is_ledger() && child.life == Life::Serving && !child.told_to_stop && !child.told_to_hand_over &&
         !child.killed && !child.aborted;
}

bool Supervisor::starts_soon(const Child& child, TimePoint now) const noexcept {
  return is_wanted(child) && !child.parked && !ledger_away_ && child.due <= now + kSoon;
}

void Supervisor::carry_on(TimePoint now) {
  for (Child& child : children_) {
    if (child.is_ledger() || child.is_up() || child.awaits_ledger || child.slot_epoch == 0) continue;
    const std::uint64_t clients = held_.count(child.worker());
    const std::uint64_t under_way = held_.handed_from(child.worker());
    const bool in_place = starts_soon(child, now) && under_way == 0;
    if (clients == 0 && !in_place) tell_vacant(child);
    if (clients > under_way && !in_place) hand_to_others(child);
  }
}

// Whom nobody takes now stays for the next turn.
void Supervisor::hand_to_others(Child& dead) {
  const TimePoint now = os::Monotonic::now();
  held_.for_each(dead.worker(), [&](chat::Place place, const HeldSocket& held) {
    if (held.handed_to != HeldSocket::kNobody) return true;
    Child* const adopter = fewest_clients(now);
    if (adopter == nullptr) return false;
    const bool sent = adopter->control.offer({.kind = chat::ControlKind::Adopt,
                                              .worker = dead.worker(),
                                              .number = held.client,
                                              .text = std::string(held.doubt ? kInDoubt : std::string_view()),
                                              .from = place,
                                              .passenger = held.socket.get()});
    adopter->wants_room = !sent;
    watch_control(*adopter);
    if (!sent) return true;
    held_.hand(dead.worker(), place, adopter->worker());
    adopter->adopting = now;
    fault::point(fault::Point::MasterAfterHand);
    return true;
  });
}

// Null: nobody serves, or whoever has the fewest takes none just now.
Child* Supervisor::fewest_clients(TimePoint now) noexcept {
  const auto load = [&](const Child& child) { return held_.count(child.worker()) + held_.handed_to(child.worker()); };
  Child* fewest = nullptr;
  for (Child& child : children_) {
    if (!can_adopt(child) || !is_wanted(child)) continue;
    if (child.wants_room && now - child.adopting > kSlowAdopter) continue;
    if (fewest == nullptr || load(child) < load(*fewest)) fewest = &child;
  }
  return fewest != nullptr && fewest->wants_room ? nullptr : fewest;
}

void Supervisor::tell_vacant(Child& child) {
  if (child.vacant_life == child.slot_epoch) return;
  child.vacant_life = child.slot_epoch;
  clear_buffers(child.worker());
  send_vacant(child);
}

// Nobody needs any more what its clients had in transit, and there may be passwords among it. A successor in the place
// would clear it itself, but there may never be one. REQUIRES: the region has no writer and no client.
void Supervisor::clear_buffers(std::uint32_t worker) {
  const std::uint64_t begin = state_.worker_layout.buffers(0);
  const std::uint64_t bytes = state_.worker_layout.total_bytes() - begin;
  if (!shm::release(state_.worker_regions[worker].writer_descriptor(), begin, bytes))
    log::warning("the buffers of worker {} cannot be cleared: {}", worker, os::error_text(errno));
}

void Supervisor::send_vacant(const Child& child) {
  if (ledger().life != Life::Serving) return;  // on_ledger_ready() tells the next one
  send(ledger(), {.kind = chat::ControlKind::SlotVacant, .worker = child.worker(), .number = child.vacant_life});
}

}  // namespace rookery::master
