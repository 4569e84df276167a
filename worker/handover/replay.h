// worker/handover/replay.h
//
// Reads the log once more for sessions whose worker has died: from where each of them stood up to where this loop is.
// What they listen to becomes their own output, the very bytes that their worker made of it, so that what it had sent
// already can be passed over; their own joins and leaves take effect; answers that they still wait for become receipts.
//
// A room's name in a record is the ledger's, and so the one under which every loop knows the room.
//
// Also finds the one record that a session may have asked for without its block knowing: its worker died between the
// outbox and the commit. Then the line at the start of its input is done.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "worker/commands/command_context.h"
#include "worker/log/receipts.h"

namespace rookery::worker {

struct ReplayPart {
  Session* session = nullptr;
  shm::Position cursor = 0;        // it has had everything before it
  std::uint64_t already_sent = 0;  // bytes of what follows that its socket has taken
  std::uint32_t dead_slot = 0;     // of the loop that had it,
  std::uint64_t dead_epoch = 0;    // and that loop's life
  bool log_alone = false;          // of its own records nothing is to be learnt any more

  std::uint64_t asked = 0;         // out: number of the record its block did not know of
  std::uint64_t newest_found = 0;  // out: newest number among its own that wait for an answer
  bool lapped = false;             // out: the ring does not reach back to its cursor
  bool asked_twice = false;        // out: what cannot be
};

class Replay final {
 public:
  Replay(CommandContext& commands, Receipts& receipts) : commands_(commands), receipts_(receipts) {}

  // `from`: no record that ends at or before it is one that they asked for and wait for. Up to `until`, where a record
  // begins or the log ends.
  void run(std::vector<ReplayPart>& parts, shm::Position from, shm::Position until);

 private:
  using Listeners = std::vector<ReplayPart*>;

  void enlist(ReplayPart& part);
  void enter(ReplayPart& part, std::uint32_t room) { rooms_[room].push_back(&part); }
  void apply(const chat::Record& record, shm::Position begin, shm::Position end);
  void apply_own(ReplayPart& part, const chat::Record& record, shm::Position begin, shm::Position end);
  void change_room(Session& session, const chat::RecordHeader& header, bool joins);
  template <class Encode>
  void give(ReplayPart& part, shm::Position begin, Encode encode);
  void give_message(const chat::Record& record, shm::Position begin);
  void give_presence(const chat::Record& record, shm::Position begin);
  void append(ReplayPart& part, std::string_view bytes);

  CommandContext& commands_;
  Receipts& receipts_;
  Listeners all_;
  std::unordered_map<std::uint64_t, ReplayPart*> by_client_;
  std::unordered_map<std::uint32_t, Listeners> rooms_;
  std::array<std::string, wire::kDialectCount> texts_;  // of the record under way, as far as somebody needed them
};

}  // namespace rookery::worker
