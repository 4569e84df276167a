// worker/commands/backlog.h
//
// Messages of the past that somebody missed, in the order of their numbers: from the log ring as far as it reaches, and
// what is older from the store. Counts them or gives them, in pieces that hold no turn of the loop up.
//
// Where it stands is one number, so it can change between ring and store at any message: when the ring laps it, it goes
// on from the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/commands/history_desk.h"
#include "worker/log/ring_search.h"

namespace rookery::worker {

struct CommandContext;

// Whose messages, and of each up to which number. What is above comes to the client as it is said.
class MissedFilter final {
 public:
  // What this session listens to at this moment.
  MissedFilter(const CommandContext& context, const Session& session);

  // Is the message missed? Then `room` is its room as the session knows it; empty where it has none. Not looked at: is
  // it above what the session has had?
  [[nodiscard]] bool is_wanted(const chat::Record& record, std::string_view& room) const noexcept;
  [[nodiscard]] std::uint64_t until() const noexcept { return until_; }  // nothing above is wanted
  [[nodiscard]] const std::string& encoded() const noexcept { return encoded_; }

 private:
  struct Room {
    std::string name;
    std::uint64_t until;
  };
  std::vector<Room> rooms_;  // seldom many: 128 at most
  std::uint64_t broadcasts_until_ = 0;
  std::uint64_t account_ = 0;
  std::uint64_t account_until_ = 0;
  std::uint64_t until_ = 0;
  std::string encoded_;
};

enum class BacklogStep : unsigned char {
  Message,  // record() and room() are the next one
  Later,    // this turn's share of the ring is read: go on in the next one
  Waiting,  // for the store; the session is touched when it has answered
  End,      // that was all
  Failed,   // the store could not be read
};

class Backlog final {
 public:
  // Stays with the session's item source, and calls on its behalf.
  Backlog(CommandContext& context, Session& session);
  ~Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  // Stands after that number; nothing is counted.
  void seek(std::uint64_t seq);
  // Moves on to the end and counts. Never Message.
  [[nodiscard]] BacklogStep count();
  [[nodiscard]] std::uint64_t counted() const noexcept { return counted_; }
  // Moves on to the next message.
  [[nodiscard]] BacklogStep next();
  // Until the next call.
  [[nodiscard]] const chat::Record& record() const noexcept { return *record_; }
  [[nodiscard]] std::string_view room() const noexcept { return room_; }

 private:
  [[nodiscard]] BacklogStep step(chat::MissedWish wish);
  [[nodiscard]] bool find_place(chat::MissedWish wish);
  [[nodiscard]] BacklogStep read_ring();
  [[nodiscard]] std::optional<BacklogStep> take_answer(chat::MissedWish wish);

  CommandContext& context_;
  Session& session_;
  MissedFilter filter_;
  RingSearch search_;
  shm::LogRingReader ring_;
  bool in_ring_ = false;
  bool asked_ = false;       // the store
  bool page_begun_ = false;  // of its answer
  HistoryAnswer answer_;
  std::uint64_t at_ = 0;
  std::uint64_t counted_ = 0;
  std::vector<std::byte> bytes_;
  std::optional<chat::Record> record_;
  std::string_view room_;
};

}  // namespace rookery::worker
