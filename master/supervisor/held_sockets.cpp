#include "master/supervisor/held_sockets.h"

#include <new>
#include <numeric>
#include <utility>

namespace rookery::master {

HeldSockets::HeldSockets(std::uint32_t workers, std::uint32_t loops, std::uint32_t sessions_per_loop)
    : workers_(workers),
      loops_(loops),
      sessions_per_loop_(sessions_per_loop),
      places_(std::size_t{workers} * loops),
      counts_(workers),
      handed_from_(workers),
      handed_to_(workers) {}

bool HeldSockets::is_place(std::uint32_t worker, chat::Place place) const noexcept {
  return worker < workers_ && place.loop < loops_ && place.index < sessions_per_loop_;
}

HeldSocket* HeldSockets::at(std::uint32_t worker, chat::Place place) noexcept {
  std::vector<HeldSocket>& places = places_[worker * loops_ + place.loop];
  return place.index < places.size() ? &places[place.index] : nullptr;
}

HeldSocket& HeldSockets::make(std::uint32_t worker, chat::Place place) {
  std::vector<HeldSocket>& places = places_[worker * loops_ + place.loop];
  if (places.size() <= place.index) places.resize(place.index + 1);
  HeldSocket& held = places[place.index];
  if (held.client != 0) release(worker, held);  // its Drop was never sent: the worker knows better who sits there
  return held;
}

void HeldSockets::forget_hand(std::uint32_t worker, HeldSocket& held) noexcept {
  if (held.handed_to == HeldSocket::kNobody) return;
  --handed_from_[worker];
  --handed_to_[held.handed_to];
  held.handed_to = HeldSocket::kNobody;
}

void HeldSockets::release(std::uint32_t worker, HeldSocket& held) noexcept {
  forget_hand(worker, held);
  if (!accused_.empty()) accused_.erase(held.client);
  --counts_[worker];
  held = HeldSocket();
}

bool HeldSockets::hold(std::uint32_t worker, chat::Place place, std::uint64_t client, os::FileDescriptor socket) {
  if (!is_place(worker, place) || client == 0) return false;
  HeldSocket& held = make(worker, place);
  held.client = client;
  held.socket = std::move(socket);
  ++counts_[worker];
  return true;
}

bool HeldSockets::drop(std::uint32_t worker, chat::Place place, std::uint64_t client) noexcept {
  if (!is_place(worker, place)) return false;
  HeldSocket* const held = at(worker, place);
  if (held != nullptr && held->client == client && client != 0) release(worker, *held);
  return true;
}

void HeldSockets::drop_all(std::uint32_t worker) noexcept {
  for (std::uint32_t loop = 0; loop < loops_; ++loop)
    for (HeldSocket& held : places_[worker * loops_ + loop])
      if (held.client != 0) release(worker, held);
}

void HeldSockets::hand(std::uint32_t worker, chat::Place place, std::uint32_t to_worker) noexcept {
  places_[worker * loops_ + place.loop][place.index].handed_to = static_cast<std::uint16_t>(to_worker);
  ++handed_from_[worker];
  ++handed_to_[to_worker];
}

bool HeldSockets::given_up(std::uint32_t from_worker, chat::Place from, std::uint64_t client,
                           std::uint32_t by_worker) noexcept {
  const HeldSocket* const held = find(from_worker, from, client);
  if (held == nullptr || held->handed_to != by_worker) return false;
  return drop(from_worker, from, client);
}

bool HeldSockets::moved(std::uint32_t from_worker, chat::Place from, std::uint64_t client, std::uint32_t to_worker,
                        chat::Place to) {
  if (!is_place(from_worker, from) || !is_place(to_worker, to) || from_worker == to_worker) return false;
  HeldSocket* const old = at(from_worker, from);
  if (old == nullptr || client == 0 || old->client != client || old->handed_to != to_worker) return false;
  HeldSocket& held = make(to_worker, to);
  forget_hand(from_worker, *old);
  held = std::move(*old);
  ++counts_[to_worker];
  --counts_[from_worker];
  *old = HeldSocket();
  return true;
}

void HeldSockets::take_back(std::uint32_t to_worker) noexcept {
  for (std::uint32_t worker = 0; worker < workers_ && handed_to_[to_worker] > 0; ++worker) {
    if (handed_from_[worker] == 0) continue;
    for (std::uint32_t loop = 0; loop < loops_; ++loop)
      for (HeldSocket& held : places_[worker * loops_ + loop])
        if (held.client != 0 && held.handed_to == to_worker) forget_hand(worker, held);
  }
}

os::Monotonic::time_point HeldSockets::accused(std::uint64_t client) const noexcept {
  const auto at = accused_.find(client);
  return at == accused_.end() ? os::Monotonic::time_point{} : at->second;
}

bool HeldSockets::remember_accusation(std::uint64_t client, os::Monotonic::time_point when) noexcept {
  try {
    accused_.insert_or_assign(client, when);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool HeldSockets::accuse(std::uint32_t worker, std::uint64_t client, os::Monotonic::time_point now) noexcept {
  if (client == 0) return false;
  for (std::uint32_t loop = 0; loop < loops_; ++loop) {
    for (HeldSocket& held : places_[worker * loops_ + loop]) {
      if (held.client != client) continue;
      const auto before = accused(client);
      const bool twice = before != os::Monotonic::time_point{} && now - before <= kAccusedTwiceWithin;
      const bool again = !remember_accusation(client, now) || twice;
      const bool doubted_before = std::exchange(held.doubt, held.doubt || again);
      return again && !doubted_before;
    }
  }
  return false;
}

void HeldSockets::doubt(std::uint32_t worker, std::uint64_t client) noexcept {
  for (std::uint32_t loop = 0; loop < loops_; ++loop)
    for (HeldSocket& held : places_[worker * loops_ + loop])
      if (held.client == client && client != 0) held.doubt = true;
}

void HeldSockets::mark(std::uint32_t worker, chat::Place place, os::Monotonic::time_point accused,
                       bool doubt) noexcept {
  if (!is_place(worker, place)) return;
  HeldSocket* const held = at(worker, place);
  if (held == nullptr || held->client == 0) return;
  const bool remembered = accused == os::Monotonic::time_point{} || remember_accusation(held->client, accused);
  held->doubt = doubt || !remembered;
}

std::uint64_t HeldSockets::total() const noexcept {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

const HeldSocket* HeldSockets::find(std::uint32_t worker, chat::Place place, std::uint64_t client) const noexcept {
  if (!is_place(worker, place) || client == 0) return nullptr;
  const std::vector<HeldSocket>& places = places_[worker * loops_ + place.loop];
  if (place.index >= places.size() || places[place.index].client != client) return nullptr;
  return &places[place.index];
}

}  // namespace rookery::master
