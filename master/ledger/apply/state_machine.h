// master/ledger/apply/state_machine.h
//
// Decides what becomes of each record. What it decides follows from the records applied before and from the record
// itself, its time included; from no clock, no table that is filled later, no order of a heap and no random number. So
// two state machines that apply the same records make the same bytes, and a ledger that dies is continued exactly.
//
//     record.header.time_ms = now;
//     state.apply(record);                  // number, time, outcome and what else a reader is shown
//     state.applied_at(append_to_log(record));
//
// A successor restores rooms() and accounts(), however old that is, and replays what the log has after that: a record
// that was replayed already changes nothing. Its time goes on from the newest record that was numbered or replayed.
#pragma once

#include <cstdint>
#include <vector>

#include "ipc/chat/record.h"
#include "master/ledger/apply/accounts.h"
#include "master/ledger/apply/rooms.h"

namespace rookery::ledger {

struct StateLimits {
  std::uint32_t rooms = 0;  // numbers of rooms, the lobby's among them
  std::uint64_t accounts = 0;
};

struct StateCounters {
  std::uint64_t last_seq = 0;
  std::uint64_t next_client = 1;
  std::uint64_t next_account = 1;
  std::int64_t last_time_ms = 0;

  bool operator==(const StateCounters&) const = default;
};

class StateMachine final {
 public:
  explicit StateMachine(const StateLimits& limits) : limits_(limits), rooms_(limits.rooms) {}

  // `record` has been found sound, has an outcome other than 0 if the server has no means to carry it out, and the time
  // at which it was taken. Its views are valid until the next call. REQUIRES: chat::is_published(kind).
  void apply(chat::Record& record);
  // The record applied last ends at `position` of the log.
  void applied_at(std::uint64_t position) noexcept { rooms_.applied_at(position); }

  // A record that apply() made, which ends at `position`.
  void replay(const chat::Record& record, std::uint64_t position);

  [[nodiscard]] const StateCounters& counters() const noexcept { return counters_; }
  void restore(const StateCounters& counters) noexcept { counters_ = counters; }
  [[nodiscard]] const Rooms& rooms() const noexcept { return rooms_; }
  [[nodiscard]] Rooms& rooms() noexcept { return rooms_; }
  [[nodiscard]] const Accounts& accounts() const noexcept { return accounts_; }
  [[nodiscard]] Accounts& accounts() noexcept { return accounts_; }

 private:
  void decide(chat::Record& record);
  void register_account(chat::Record& record);
  void change_account(chat::Record& record);
  void join(chat::Record& record);
  void leave(chat::Record& record);
  void reserve_clients(chat::RecordHeader& header) noexcept;

  StateLimits limits_;
  StateCounters counters_;
  Rooms rooms_;
  Accounts accounts_;
};

}  // namespace rookery::ledger
