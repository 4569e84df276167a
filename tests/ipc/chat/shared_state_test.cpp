#include "ipc/chat/shared_state.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include "ipc/shm/log_ring.h"
#include "ipc/shm/name_table.h"

namespace rookery::chat {
namespace {

std::uint64_t bytes_with_pages(const shm::Segment& segment) {
  struct stat status {};
  EXPECT_EQ(::fstat(segment.writer_descriptor(), &status), 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

bool rung(const os::Pipe& bell) {
  pollfd entry{bell.read_end.get(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

TEST(SharedStateTest, ASlotIsALoopCountedOverAllWorkers) {
  const SharedState state(3, 2, 100);
  EXPECT_EQ(state.slots(), 6U);
  EXPECT_EQ(state.worker_regions.size(), 3U);
  EXPECT_EQ(state.loop_doorbells.size(), 6U);
  for (std::uint32_t slot = 0; slot < 6; ++slot)
    EXPECT_EQ(state.slot(state.worker_of(slot), state.loop_of(slot)), slot);
  EXPECT_EQ(state.slot(2, 1), 5U);
}

TEST(SharedStateTest, WhatMustNeverBeMissingHasPages) {
  const SharedState state(2, 1, 100);
  EXPECT_EQ(bytes_with_pages(state.log_ring), state.log_ring.size_bytes());
  EXPECT_EQ(bytes_with_pages(state.ledger_region), state.ledger_layout.bans()) << "bans get theirs as they come";
  for (const auto& region : state.worker_regions)
    EXPECT_GE(bytes_with_pages(region), state.worker_layout.reserved_bytes());
  EXPECT_GE(state.user_table.size_bytes(), shm::name_table_bytes(kMaxAccounts));
}

// Places beyond those that are used cost next to nothing until they are.
TEST(SharedStateTest, APlaceGetsItsMemoryBeforeItsFirstWorker) {
  SharedState state(3, 2, 100, 1);
  EXPECT_GE(bytes_with_pages(state.worker_regions[0]), state.worker_layout.reserved_bytes());
  for (const std::uint32_t unused : {1U, 2U}) {
    EXPECT_GE(bytes_with_pages(state.worker_regions[unused]), state.worker_layout.outbox_words(0))
        << "what others look at";
    EXPECT_LT(bytes_with_pages(state.worker_regions[unused]), 16U * 1024);
  }
  const std::uint64_t inboxes_of_one = 2 * kInboxWords * 8;
  const std::uint64_t ledger_before = bytes_with_pages(state.ledger_region);
  EXPECT_LE(ledger_before, state.ledger_region.size_bytes() - 2 * inboxes_of_one);
  state.reserve_place(2);
  EXPECT_GE(bytes_with_pages(state.worker_regions[2]), state.worker_layout.reserved_bytes());
  EXPECT_EQ(bytes_with_pages(state.ledger_region), ledger_before + inboxes_of_one);
  state.reserve_place(2);
  EXPECT_EQ(bytes_with_pages(state.ledger_region), ledger_before + inboxes_of_one) << "once is enough";
}

TEST(SharedStateTest, FreshSegmentsTakeTheirStructures) {
  const SharedState state(1, 1, 100);
  const shm::Mapping ring(state.log_ring.writer_descriptor(), shm::Access::ReadWrite, state.log_ring.size_bytes());
  shm::LogRingWriter writer(ring.data(), kLogRingWords);
  const shm::LogRingReader reader(ring.data(), state.log_ring.size_bytes());
  EXPECT_EQ(reader.capacity_words(), kLogRingWords);
  const shm::Mapping users(state.user_table.writer_descriptor(), shm::Access::ReadWrite, state.user_table.size_bytes());
  shm::NameTableWriter table(users.data(), state.user_table.writer_descriptor(), kMaxAccounts);
  EXPECT_EQ(table.insert("alice", 1, {}), shm::InsertResult::Inserted);
}

TEST(SharedStateTest, RingEverybodyRingsAllBells) {
  const SharedState state(2, 2, 10);
  state.ring_everybody();
  EXPECT_TRUE(rung(state.ledger_doorbell));
  for (const auto& bell : state.loop_doorbells) EXPECT_TRUE(rung(bell));
}

TEST(SharedStateTest, AWildSessionCountGivesNoMemoryToWhatWasNeverUsed) {
  const SharedState state(1, 1, 1000);
  const shm::Segment& segment = state.worker_regions[0];
  const shm::Mapping mapping(segment.writer_descriptor(), shm::Access::ReadWrite, segment.size_bytes());
  const WorkerRegionView view(mapping, state.worker_layout);
  const std::uint64_t before = bytes_with_pages(segment);
  view.control(0).sessions_high_water.store(~0ULL);
  EXPECT_EQ(state.sessions_with_memory(view, 0, 0), 0U);
  EXPECT_EQ(bytes_with_pages(segment), before);

  for (std::uint32_t used = 1; used <= 100; ++used) {
    view.sessions(0)[used - 1].state.store(1);
    EXPECT_GE(state.sessions_with_memory(view, 0, 0), used);
    EXPECT_LE(state.sessions_with_memory(view, 0, 0), used + 4096 / sizeof(SessionBlock) + 1);
    view.control(0).sessions_high_water.store(used);
    EXPECT_EQ(state.sessions_with_memory(view, 0, 0), used);
    view.control(0).sessions_high_water.store(~0ULL);
  }
}

}  // namespace
}  // namespace rookery::chat
