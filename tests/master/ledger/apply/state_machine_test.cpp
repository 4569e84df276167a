// What the ledger decides of a record.
#include "master/ledger/apply/state_machine.h"

#include <gtest/gtest.h>

#include "ipc/wire/error_code.h"

namespace rookery::ledger {
namespace {

using chat::Record;
using chat::RecordKind;

Record record_of(RecordKind kind, std::string_view name = {}, std::string_view target_name = {}) {
  Record record;
  record.header.kind = kind;
  record.header.outbox_number = 1;
  record.name = name;
  record.target_name = target_name;
  return record;
}

Record applied(StateMachine& state, Record record) {
  state.apply(record);
  state.applied_at(record.header.seq);
  return record;
}

class StateMachineTest : public ::testing::Test {
 protected:
  Record apply(RecordKind kind, std::string_view name = {}, std::string_view target_name = {}) {
    return applied(state_, record_of(kind, name, target_name));
  }
  Record change(std::string_view name, chat::AccountChange what) {
    Record record = record_of(RecordKind::ChangeAccount, name);
    record.header.flags = static_cast<std::uint8_t>(what);
    return applied(state_, record);
  }

  StateMachine state_{{.rooms = 4, .accounts = 2}};
};

TEST_F(StateMachineTest, NumbersWhatIsKeptAndNothingElse) {
  EXPECT_EQ(apply(RecordKind::Say, "a", "#x").header.seq, 1U);
  EXPECT_EQ(apply(RecordKind::Join, "a", "#x").header.seq, 1U);
  EXPECT_EQ(apply(RecordKind::Notice).header.seq, 1U);
  EXPECT_EQ(apply(RecordKind::Direct, "a", "b").header.seq, 2U);
}

TEST_F(StateMachineTest, TimeNeverGoesBack) {
  Record record = record_of(RecordKind::Say, "a", "#x");
  record.header.time_ms = 500;
  EXPECT_EQ(applied(state_, record).header.time_ms, 500);
  record.header.time_ms = 400;
  EXPECT_EQ(applied(state_, record).header.time_ms, 500);
  record.header.time_ms = 600;
  EXPECT_EQ(applied(state_, record).header.time_ms, 600);
}

TEST_F(StateMachineTest, TheFirstRegistrationOfANameGetsIt) {
  EXPECT_EQ(apply(RecordKind::Register, "Alice").header.target, 1U);
  const Record second = apply(RecordKind::Register, "ALICE");
  EXPECT_EQ(second.header.outcome, wire::outcome_of(wire::ErrorCode::NameTaken));
  EXPECT_EQ(second.header.seq, 1U) << "what is refused has no number";
  EXPECT_EQ(apply(RecordKind::Register, "bob").header.target, 2U);
  EXPECT_EQ(apply(RecordKind::Register, "carol").header.outcome, wire::outcome_of(wire::ErrorCode::ServerFull));
}

// In the order of the log, though nothing of it may be durable yet.
TEST_F(StateMachineTest, ANameThatWasGivenUpCanBeHadAtOnce) {
  static_cast<void>(apply(RecordKind::Register, "alice"));
  EXPECT_EQ(change("ALICE", chat::AccountChange::Remove).header.target, 1U);
  EXPECT_EQ(apply(RecordKind::Register, "alice").header.target, 2U);
  EXPECT_EQ(change("alice", chat::AccountChange::Lock).header.target, 2U);
  EXPECT_EQ(change("nobody", chat::AccountChange::Lock).header.outcome, wire::outcome_of(wire::ErrorCode::NoSuchName));
}

TEST_F(StateMachineTest, ClientNumbersAreGivenOnce) {
  Record record = record_of(RecordKind::ReserveClients);
  record.header.members = 100;
  EXPECT_EQ(applied(state_, record).header.target, 1U);
  record.header.members = ~0ULL;
  const Record much = applied(state_, record);
  EXPECT_EQ(much.header.target, 101U);
  EXPECT_LE(much.header.members, 65536U);
  record.header.members = 1;
  EXPECT_EQ(applied(state_, record).header.target, 101U + much.header.members);
}

TEST_F(StateMachineTest, AJoinAndALeaveSayWhereAndHowManyAreThere) {
  EXPECT_EQ(apply(RecordKind::Join, "a", "#Den").header.members, 1U);
  const Record second = apply(RecordKind::Join, "b", "#den");
  EXPECT_EQ(second.header.members, 2U);
  EXPECT_EQ(second.target_name, "#Den");
  EXPECT_NE(second.header.flags & chat::kPresence, 0);
  Record leave = record_of(RecordKind::Leave, "a");  // by the number alone
  leave.header.room = second.header.room;
  const Record left = applied(state_, leave);
  EXPECT_EQ(left.header.members, 1U);
  EXPECT_EQ(left.target_name, "#Den") << "a successor replays it";
}

TEST_F(StateMachineTest, ALeaveOfARoomThatIsNotThereChangesNothing) {
  Record leave = record_of(RecordKind::Leave, "a", "#den");
  leave.header.room = 3;
  EXPECT_EQ(applied(state_, leave).header.members, 0U);
  leave.header.room = ~0U;
  EXPECT_EQ(applied(state_, leave).header.flags & chat::kPresence, 0);
  EXPECT_EQ(apply(RecordKind::Join, "a", "#x").header.members, 1U);
}

TEST_F(StateMachineTest, MoreRoomsThanThereCanBeAreRefused) {
  for (const char* room : {"#a", "#b", "#c"}) EXPECT_EQ(apply(RecordKind::Join, "a", room).header.outcome, 0);
  EXPECT_EQ(apply(RecordKind::Join, "a", "#d").header.outcome, wire::outcome_of(wire::ErrorCode::ServerFull));
}

TEST_F(StateMachineTest, WhatTheServerCannotCarryOutChangesNothing) {
  Record record = record_of(RecordKind::Register, "alice");
  record.header.outcome = wire::outcome_of(wire::ErrorCode::ServerFull);
  EXPECT_EQ(applied(state_, record).header.outcome, wire::outcome_of(wire::ErrorCode::ServerFull));
  EXPECT_EQ(record.header.seq, 0U);
  EXPECT_EQ(state_.accounts().count(), 0U);
}

}  // namespace
}  // namespace rookery::ledger
