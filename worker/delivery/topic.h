// worker/delivery/topic.h
//
// A topic is what sessions of this loop listen to together: a room, everybody, a person's direct messages, the comings
// and goings in a room. It has its local members and a tape for each dialect that one of them speaks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "worker/delivery/tape.h"
#include "worker/session/session.h"

namespace rookery::worker {

class Topic final {
 public:
  void add(Session& session);
  bool remove(Session& session);  // false: it was no member

  [[nodiscard]] const std::vector<Session*>& members() const noexcept { return members_; }
  [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
  [[nodiscard]] bool speaks(wire::DialectId dialect) const noexcept { return speakers_[number(dialect)] > 0; }
  [[nodiscard]] Tape& tape(wire::DialectId dialect) noexcept { return tapes_[number(dialect)]; }
  [[nodiscard]] const std::array<Tape, wire::kDialectCount>& tapes() const noexcept { return tapes_; }
  [[nodiscard]] std::array<Tape, wire::kDialectCount>& tapes() noexcept { return tapes_; }

  std::uint32_t behind = 0;  // members whose sockets take no more
  bool touched = false;      // has entries since the last flush

 private:
  static std::size_t number(wire::DialectId dialect) noexcept { return static_cast<std::size_t>(dialect); }

  std::vector<Session*> members_;
  std::array<std::uint32_t, wire::kDialectCount> speakers_{};
  std::array<Tape, wire::kDialectCount> tapes_;
};

// The topics of a loop. A topic exists while it has members here; a message to one that does not exist costs a look-up.
class TopicMap final {
 public:
  struct Room {
    std::string name;
    Topic messages;
    Topic presence;  // of the members that want to know who comes and goes
  };

  // `heard` gets a bit for each room that has members here, see LoopControl.
  explicit TopicMap(std::span<std::atomic<std::uint64_t>> heard = {}) noexcept;

  Topic everybody;  // who may chat
  Topic strangers;  // who may not until they log in: they hear the server's notices alone

  [[nodiscard]] Room* room(std::uint32_t id) noexcept;
  [[nodiscard]] Room& make_room(std::uint32_t id, std::string_view name);
  [[nodiscard]] Topic* account(std::uint64_t id) noexcept { return find(accounts_, id); }
  [[nodiscard]] Topic& make_account(std::uint64_t id) { return make(accounts_, id); }
  [[nodiscard]] Topic* guest(std::uint64_t client) noexcept { return find(guests_, client); }
  [[nodiscard]] Topic& make_guest(std::uint64_t client) { return make(guests_, client); }

  // Gives back what empty tapes keep for the next message.
  void shrink_empty_tapes();

  // Drops what nobody listens to. REQUIRES: no flush is under way.
  void forget_room(std::uint32_t id) noexcept;
  void forget_person(std::uint64_t account, std::uint64_t client) noexcept;

 private:
  using People = std::unordered_map<std::uint64_t, std::unique_ptr<Topic>>;
  static Topic* find(People& people, std::uint64_t id) noexcept;
  static Topic& make(People& people, std::uint64_t id);

  void note(std::uint32_t room, bool heard) noexcept;

  std::span<std::atomic<std::uint64_t>> heard_;
  std::vector<std::unique_ptr<Room>> rooms_;  // by the ledger's number
  People accounts_;
  People guests_;
};

}  // namespace rookery::worker
