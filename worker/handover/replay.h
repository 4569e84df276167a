// worker/handover/replay.h
//
// Reads the log once more, from where a session stood up to where this loop is. What it listens to becomes its own
// output, the very bytes that its worker made of it. A leave of its own takes effect when it is read; a join at once,
// for the room says from which message on it is heard.
//
// run() does so for all sessions of a dead worker at once, up to a first piece of output for each: what the worker had
// sent already is passed over, and answers that they still wait for become receipts. Who lacks more than that piece
// gets the rest by run_alone(), piece by piece as its socket takes it (catch_up.h).
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
  bool counts_only = false;        // it gets nothing, messages for it are counted
  bool at_record = false;          // for run_alone(): a record begins at `cursor`
  std::size_t most_bytes = 0;      // of its own output: with so much it stops

  std::uint64_t asked = 0;         // out: number of the record its block did not know of
  std::uint64_t newest_found = 0;  // out: newest number among its own that wait for an answer
  bool stopped = false;            // out: it lacks what is from `cursor` on, where a record begins
  std::uint64_t counted = 0;       // out
  bool lapped = false;             // out: the ring does not reach back to its cursor
  bool asked_twice = false;        // out: what cannot be
};

class Replay final {
 public:
  Replay(CommandContext& commands, Receipts& receipts) : commands_(commands), receipts_(receipts) {}

  // `from`: no record that ends at or before it is one that they asked for and wait for. Up to `until`, where a record
  // begins or the log ends.
  void run(std::vector<ReplayPart>& parts, shm::Position from, shm::Position until);
  // For a session that is served by this loop already. Reads at most about `words` of the ring, and takes what it has
  // read off them. part.cursor is where it stands then.
  void run_alone(ReplayPart& part, shm::Position until, std::uint64_t& words);

 private:
  // To a room: to what was said in it after the message of that number, the newest when the session joined.
  struct Listener {
    ReplayPart* part;
    std::uint64_t had_from;
  };
  using Listeners = std::vector<Listener>;

  void clear() noexcept;
  void enlist(ReplayPart& part);
  void apply(const chat::Record& record, shm::Position begin, shm::Position end);
  void apply_own(ReplayPart& part, const chat::Record& record, shm::Position begin, shm::Position end);
  void change_room(Session& session, const chat::RecordHeader& header, bool joins);
  [[nodiscard]] bool takes(ReplayPart& part, shm::Position begin) const;
  template <class Encode>
  void give(ReplayPart& part, shm::Position begin, Encode encode);
  void give_message(const chat::Record& record, shm::Position begin);
  void give_presence(const chat::Record& record, shm::Position begin);
  void append(ReplayPart& part, std::string_view bytes);

  CommandContext& commands_;
  Receipts& receipts_;
  std::vector<ReplayPart*> all_;
  std::unordered_map<std::uint64_t, ReplayPart*> by_client_;
  std::unordered_map<std::uint32_t, Listeners> rooms_;
  bool alone_ = false;
  std::array<std::string, wire::kDialectCount> texts_;  // of the record under way, as far as somebody needed them
  std::vector<std::byte> bytes_;
};

}  // namespace rookery::worker
