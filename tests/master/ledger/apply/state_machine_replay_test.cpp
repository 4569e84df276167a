// The state machine under random records: two make the same bytes, and one that was put together after a death, from
// whatever of the tables had been written, goes on as if nobody had died.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "master/ledger/apply/state_machine.h"

namespace rookery::ledger {
namespace {

using chat::Record;
using chat::RecordKind;

#if defined(ROOKERY_SANITIZED)
constexpr std::uint64_t kRecords = 100'000;
#else
constexpr std::uint64_t kRecords = 1'000'000;
#endif
constexpr StateLimits kLimits{.rooms = 24, .accounts = 40};
constexpr std::uint32_t kRoomNames = 30;
constexpr std::uint32_t kPeople = 60;

// Small numbers of names, so that all limits are met and all is given up and had again.
class RecordSource {
 public:
  explicit RecordSource(std::uint64_t seed) : random_(seed) {}

  // Valid until the next call.
  Record next() {
    Record record;
    chat::RecordHeader& header = record.header;
    header.outbox_number = 1;
    header.client = below(kPeople);
    header.time_ms = static_cast<std::int64_t>(1000 + count_++ + below(50));
    name_ = (below(2) == 0 ? "user" : "USER") + std::to_string(below(kPeople));
    target_name_ = (below(2) == 0 ? "#room" : "#ROOM") + std::to_string(below(kRoomNames));
    record.name = name_;
    switch (below(10)) {
      case 0:
        header.kind = RecordKind::Register;
        break;
      case 1:
        header.kind = RecordKind::ChangeAccount;
        header.flags = static_cast<std::uint8_t>(1 + below(4));
        break;
      case 2:
        header.kind = RecordKind::ReserveClients;
        header.members = below(100);
        break;
      case 3:
        header.kind = RecordKind::Say;
        record.target_name = target_name_;
        record.text = "hello";
        break;
      case 4:
        header.kind = RecordKind::Notice;
        break;
      case 5:
      case 6:
      case 7:
        header.kind = RecordKind::Join;
        record.target_name = target_name_;
        break;
      default:
        header.kind = RecordKind::Leave;
        header.room = static_cast<std::uint32_t>(below(kLimits.rooms + 2));
        if (below(2) == 0) record.target_name = target_name_;
    }
    return record;
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  std::mt19937_64 random_;
  std::uint64_t count_ = 0;
  std::string name_;
  std::string target_name_;
};

struct Published {
  std::vector<std::byte> bytes;
  std::uint64_t end = 0;
};

// A state machine and the log it writes.
struct Ledger {
  StateMachine state{kLimits};
  std::uint64_t end = 0;

  Published apply(Record record) {
    state.apply(record);
    Published published;
    chat::encode_record(record, published.bytes);
    end += published.bytes.size();
    state.applied_at(end);
    published.end = end;
    return published;
  }
};

// What is in shared memory and in the store: rooms by number, accounts by folded name.
struct Tables {
  std::vector<Room> rooms;
  Accounts accounts;
  StateCounters counters;
};

Tables tables_of(const StateMachine& state) {
  return {state.rooms().all(), state.accounts(), state.counters()};
}

Ledger successor_of(const Tables& tables, std::uint64_t end) {
  Ledger ledger;
  for (std::uint32_t number = 0; number < tables.rooms.size(); ++number)
    ledger.state.rooms().restore(number, tables.rooms[number]);
  ledger.state.accounts() = tables.accounts;
  ledger.state.restore(tables.counters);
  ledger.end = end;
  return ledger;
}

void replay(Ledger& ledger, const std::vector<Published>& log, std::size_t begin) {
  for (std::size_t i = begin; i < log.size(); ++i) {
    const auto record = chat::decode_record(log[i].bytes);
    ASSERT_TRUE(record);
    ledger.state.replay(*record, log[i].end);
  }
}

TEST(StateMachineReplayTest, TwoMakeTheSameBytes) {
  RecordSource source(1);
  Ledger one;
  Ledger other;
  std::array<std::uint64_t, 256> outcomes{};
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    const Record record = source.next();
    const Published first = one.apply(record);
    ASSERT_EQ(first.bytes, other.apply(record).bytes) << "record " << i;
    ++outcomes[chat::decode_record(first.bytes)->header.outcome];
  }
  EXPECT_EQ(one.state.counters(), other.state.counters());
  EXPECT_GT(std::count_if(outcomes.begin(), outcomes.end(), [](std::uint64_t n) { return n > kRecords / 1000; }), 3)
      << "refusals of several kinds";
}

// A ledger dies: the store has everything that was published; of the room table some rooms are as they were at
// applied_end, others newer, and the log is replayed from there or from further back.
TEST(StateMachineReplayTest, ASuccessorGoesOnFromWhateverWasWritten) {
  constexpr std::size_t kBatch = 500;
  RecordSource source(2);
  Ledger ledger;
  Tables at_applied_end = tables_of(ledger.state);
  std::vector<Published> log;  // of this batch and the one before
  std::size_t applied = 0;     // of the log, when at_applied_end was taken
  for (std::uint64_t records = 0; records < kRecords; records += kBatch) {
    log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(applied));
    applied = log.size();
    at_applied_end = tables_of(ledger.state);
    for (std::size_t i = 0; i < kBatch; ++i) log.push_back(ledger.apply(source.next()));

    Tables left = tables_of(ledger.state);
    for (std::uint32_t number = 0; number < left.rooms.size(); ++number)
      if (source.below(2) == 0)
        left.rooms[number] = number < at_applied_end.rooms.size() ? at_applied_end.rooms[number] : Room{};
    if (source.below(4) == 0) left.rooms.resize(at_applied_end.rooms.size());  // died before the count of rooms
    Ledger successor = successor_of(left, ledger.end);
    replay(successor, log, source.below(applied + 1));
    ASSERT_EQ(successor.state.counters(), ledger.state.counters());
    // It goes on with the server; the other is what would have been.
    Ledger would_have_been = std::exchange(ledger, std::move(successor));
    for (std::size_t i = 0; i < kBatch / 10; ++i) {
      const Record record = source.next();
      const Published published = would_have_been.apply(record);
      log.push_back(ledger.apply(record));
      ASSERT_EQ(log.back().bytes, published.bytes) << "after " << records << " records";
    }
  }
}

// Accounts too, where not even the store is as new as the log.
TEST(StateMachineReplayTest, AnOlderStateAndTheRestOfTheLogIsTheWhole) {
  RecordSource source(3);
  Ledger ledger;
  std::vector<Published> log;
  Tables old;
  std::size_t old_at = 0;
  for (std::uint64_t i = 0; i < kRecords / 10; ++i) {
    if (source.below(1000) == 0) {
      old = tables_of(ledger.state);
      old_at = log.size();
    }
    log.push_back(ledger.apply(source.next()));
    if (source.below(2000) != 0) continue;
    Ledger successor = successor_of(old, ledger.end);
    replay(successor, log, source.below(old_at + 1));
    Ledger copy = ledger;
    for (int k = 0; k < 200; ++k) {
      const Record record = source.next();
      ASSERT_EQ(successor.apply(record).bytes, copy.apply(record).bytes);
    }
  }
}

}  // namespace
}  // namespace rookery::ledger
