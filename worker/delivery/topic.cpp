#include "worker/delivery/topic.h"

#include <algorithm>

#include "ipc/os/errors.h"
#include "ipc/shm/name_table.h"

namespace rookery::worker {

void Topic::add(Session& session) {
  members_.push_back(&session);
  ++speakers_[number(session.dialect_id())];
  if (session.behind()) ++behind;
  session.topics.add(this);
}

bool Topic::remove(Session& session) {
  const auto at = std::find(members_.begin(), members_.end(), &session);
  if (at == members_.end()) return false;
  *at = members_.back();
  members_.pop_back();
  --speakers_[number(session.dialect_id())];
  if (session.behind()) --behind;
  session.topics.remove(this);
  if (!touched && behind == 0)
    for (Tape& tape : tapes_) tape.clear();
  return true;
}

TopicMap::TopicMap(std::span<std::atomic<std::uint64_t>> heard) noexcept : heard_(heard) {
  for (auto& word : heard_) word.store(0, std::memory_order_relaxed);
}

void TopicMap::note(std::uint32_t room, bool heard) noexcept {
  if (room / 64 >= heard_.size()) return;
  const std::uint64_t bit = std::uint64_t{1} << room % 64;
  const std::uint64_t word = heard_[room / 64].load(std::memory_order_relaxed);
  heard_[room / 64].store(heard ? word | bit : word & ~bit, std::memory_order_relaxed);
}

TopicMap::Room* TopicMap::room(std::uint32_t id) noexcept {
  return id < rooms_.size() ? rooms_[id].get() : nullptr;
}

TopicMap::Room& TopicMap::make_room(std::uint32_t id, std::string_view name) {
  if (id >= rooms_.size()) rooms_.resize(id + 1ULL);
  if (!rooms_[id]) {
    rooms_[id] = std::make_unique<Room>();
    rooms_[id]->name = name;
    note(id, true);
  }
  ROOKERY_INVARIANT(shm::same_name(rooms_[id]->name, name));  // an id is given on only when the last member has left
  return *rooms_[id];
}

void TopicMap::shrink_empty_tapes() {
  const auto shrink = [](Topic& topic) {
    for (Tape& tape : topic.tapes())
      if (tape.entries() == 0) tape.shrink();
  };
  shrink(everybody);
  shrink(strangers);
  for (const auto& room : rooms_)
    if (room)
      for (Topic* topic : {&room->messages, &room->presence}) shrink(*topic);
  for (const auto& [id, topic] : accounts_) shrink(*topic);
  for (const auto& [id, topic] : guests_) shrink(*topic);
}

void TopicMap::forget_room(std::uint32_t id) noexcept {
  Room* found = room(id);
  if (found == nullptr || !found->messages.empty() || !found->presence.empty()) return;
  rooms_[id].reset();
  note(id, false);
}

void TopicMap::forget_person(std::uint64_t account, std::uint64_t client) noexcept {
  const auto drop = [](People& people, std::uint64_t id) {
    const auto at = people.find(id);
    if (at != people.end() && at->second->empty()) people.erase(at);
  };
  drop(accounts_, account);
  drop(guests_, client);
}

Topic* TopicMap::find(People& people, std::uint64_t id) noexcept {
  const auto at = people.find(id);
  return at == people.end() ? nullptr : at->second.get();
}

Topic& TopicMap::make(People& people, std::uint64_t id) {
  auto& topic = people[id];
  if (!topic) topic = std::make_unique<Topic>();
  return *topic;
}

}  // namespace rookery::worker
