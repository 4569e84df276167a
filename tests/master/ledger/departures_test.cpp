// Whom the ledger takes out of rooms when a worker has died: those who had gone, nobody whom others carry on.
#include "master/ledger/departures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "ipc/chat/record.h"
#include "ipc/log.h"

namespace rookery::ledger {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::uint64_t kLife = 1000;
constexpr std::uint32_t kRoom = 5;
constexpr std::uint32_t kOtherRoom = 6;
constexpr std::uint32_t kWorker = 1;
constexpr std::uint32_t kLoop = 1;

class DeparturesTest : public testing::Test {
 protected:
  DeparturesTest() { log::start("test", log::Level::Off); }

  chat::WorkerRegionView region() { return {mapping_, shared_.worker_layout}; }
  std::uint32_t slot() const { return shared_.slot(kWorker, kLoop); }

  void sits(std::uint32_t index, std::uint64_t client) {
    chat::SessionBlock& block = region().sessions(kLoop)[index];
    block.client.store(client);
    block.state.store(static_cast<std::uint32_t>(chat::SessionState::Open));
    region().control(kLoop).sessions_high_water.store(8);
  }
  chat::Record record(chat::RecordKind kind, std::uint64_t client, std::uint32_t room) const {
    chat::Record record;
    record.header.kind = kind;
    record.header.client = client;
    record.header.room = room;
    record.header.slot = slot();
    record.header.slot_epoch = kLife;
    record.name = "alice";
    record.target_name = "#den";
    return record;
  }
  void publish(const chat::Record& record) {
    std::vector<std::byte> bytes;
    chat::encode_record(record, bytes);
    ring_.append(bytes);
    ring_.publish();
  }
  void joins(std::uint64_t client, std::uint32_t room) { publish(record(chat::RecordKind::Join, client, room)); }
  void leaves(std::uint64_t client, std::uint32_t room) { publish(record(chat::RecordKind::Leave, client, room)); }

  std::vector<std::pair<std::uint64_t, std::uint32_t>> departures() {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> result;
    for (const Departure& departure : find_departures(context_, kWorker).open) {
      EXPECT_EQ(departure.slot, slot());
      EXPECT_EQ(departure.name, "alice");
      result.emplace_back(departure.client, departure.room);
    }
    return result;
  }

  chat::SharedState shared_{2, 2, 32};
  LedgerContext context_{shared_};
  shm::LogRingWriter ring_{context_.log_ring.data(), chat::kLogRingWords};
  shm::Mapping mapping_{shared_.worker_regions[kWorker].writer_descriptor(), shm::Access::ReadWrite,
                        shared_.worker_regions[kWorker].size_bytes()};
};

TEST_F(DeparturesTest, WhoLivesStaysInItsRooms) {
  sits(3, 42);
  joins(42, kRoom);
  joins(42, kOtherRoom);
  EXPECT_THAT(departures(), IsEmpty());
}

TEST_F(DeparturesTest, WhoHadGoneBeforeItsJoinWasReadLeaves) {
  sits(3, 42);
  joins(41, kRoom);
  joins(42, kRoom);
  joins(43, kRoom);
  joins(43, kOtherRoom);
  EXPECT_THAT(departures(),
              UnorderedElementsAre(std::pair{41U, kRoom}, std::pair{43U, kRoom}, std::pair{43U, kOtherRoom}));
}

TEST_F(DeparturesTest, ALeaveIsNotMadeTwiceNorByALedgerThatIsToldAgain) {
  joins(41, kRoom);
  leaves(41, kRoom);
  EXPECT_THAT(departures(), IsEmpty());
  joins(41, kRoom);  // again: joined after it had left
  joins(43, kRoom);
  EXPECT_THAT(departures(), UnorderedElementsAre(std::pair{41U, kRoom}, std::pair{43U, kRoom}));
  leaves(41, kRoom);  // published by the ledger, which then died
  EXPECT_THAT(departures(), UnorderedElementsAre(std::pair{43U, kRoom}));
}

TEST_F(DeparturesTest, WhatTheLoopHadReadItHasDealtWith) {
  joins(41, kRoom);
  region().control(kLoop).log_position.store(ring_.end());
  EXPECT_THAT(departures(), IsEmpty());
}

TEST_F(DeparturesTest, JoinsThatWereRefusedOrAreOthersMeanNothing) {
  chat::Record refused = record(chat::RecordKind::Join, 41, kRoom);
  refused.header.outcome = 7;
  publish(refused);
  chat::Record others = record(chat::RecordKind::Join, 41, kRoom);
  others.header.slot = shared_.slot(0, kLoop);
  publish(others);
  joins(41, chat::kLobbyRoom);
  EXPECT_THAT(departures(), IsEmpty());
}

// Its clients are served by others now, and its successor has given their session blocks to new ones.
TEST_F(DeparturesTest, TheClientsOfALifeThatOthersCarryOnStay) {
  joins(41, kRoom);
  context_.region().slot(slot()).vacant_life.store(kLife);
  chat::Record later = record(chat::RecordKind::Join, 43, kRoom);
  later.header.slot_epoch = kLife + 1;
  publish(later);
  EXPECT_THAT(departures(), UnorderedElementsAre(std::pair{43U, kRoom}));
}

TEST_F(DeparturesTest, ALoopThatClaimsToBeAheadOfTheLogIsNotBelieved) {
  joins(41, kRoom);
  region().control(kLoop).log_position.store(ring_.end() + 1);
  EXPECT_THAT(departures(), IsEmpty());
}

}  // namespace
}  // namespace rookery::ledger
