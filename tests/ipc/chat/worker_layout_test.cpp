// Where things lie in a worker's region and in the ledger's, for many counts of loops and sessions: nothing overlaps,
// everything is aligned, all of it is within the bytes that are asked for.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ipc/chat/history_exchange.h"
#include "ipc/chat/ledger_region.h"
#include "ipc/chat/record.h"
#include "ipc/chat/worker_region.h"

namespace rookery::chat {
namespace {

struct Part {
  std::uint64_t begin;
  std::uint64_t bytes;
  std::uint64_t alignment;
  std::string what;
};

void expect_sound(std::vector<Part> parts, std::uint64_t total_bytes) {
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.begin < b.begin; });
  std::uint64_t end = 0;
  for (const Part& part : parts) {
    EXPECT_GE(part.begin, end) << part.what << " overlaps what lies before it";
    EXPECT_EQ(part.begin % part.alignment, 0U) << part.what;
    end = part.begin + part.bytes;
  }
  EXPECT_LE(end, total_bytes);
}

std::vector<Part> parts_of(const WorkerLayout& layout) {
  std::vector<Part> parts{{0, sizeof(WorkerRegionHeader), 64, "header"}};
  for (std::uint32_t loop = 0; loop < layout.loops(); ++loop) {
    const std::string of = " of loop " + std::to_string(loop);
    parts.push_back({layout.control(loop), sizeof(LoopControl), 64, "control" + of});
    parts.push_back({layout.outbox_words(loop), kOutboxWords * 8, 64, "outbox" + of});
    parts.push_back({layout.addresses(loop), layout.address_entries() * 8, 8, "addresses" + of});
    parts.push_back({layout.room_makers(loop), WorkerLayout::room_maker_entries() * 8, 8, "room makers" + of});
    parts.push_back({layout.clients(loop), layout.client_words() * 8, 8, "clients" + of});
    parts.push_back({layout.sessions(loop), layout.sessions_per_loop() * sizeof(SessionBlock), 8, "sessions" + of});
    parts.push_back({layout.buffers(loop), std::uint64_t{layout.small_buffers()} * kSmallBufferBytes, 8, "small" + of});
    parts.push_back({layout.large_buffers_offset(loop), std::uint64_t{layout.large_buffers()} * kLargeBufferBytes, 8,
                     "large" + of});
  }
  return parts;
}

TEST(WorkerLayoutTest, NothingOverlapsForAnyNumberOfLoopsAndSessions) {
  for (const std::uint32_t loops : {1U, 2U, 3U, 8U, 16U, 17U, 64U}) {
    for (const std::uint32_t sessions : {1U, 13U, 64U, 1000U, 10'000U, 100'000U}) {
      SCOPED_TRACE(std::to_string(loops) + " loops, " + std::to_string(sessions) + " sessions");
      const WorkerLayout layout(loops, sessions);
      expect_sound(parts_of(layout), layout.total_bytes());
      EXPECT_EQ(layout.total_bytes() % 4096, 0U);
    }
  }
}

TEST(WorkerLayoutTest, WhatIsReservedAndWhatReadersMapEndWhereTheyShould) {
  const WorkerLayout layout(3, 1000);
  for (const Part& part : parts_of(layout)) {
    const bool from_the_start =
        !part.what.starts_with("sessions") && !part.what.starts_with("small") && !part.what.starts_with("large");
    const bool for_readers = from_the_start || part.what.starts_with("sessions");
    EXPECT_EQ(part.begin + part.bytes <= layout.reserved_bytes(), from_the_start) << part.what;
    EXPECT_EQ(part.begin + part.bytes <= layout.readers_bytes(), for_readers) << part.what;
  }
}

TEST(WorkerLayoutTest, TheLargestRecordsFitTheOutboxManyTimes) {
  EXPECT_GE(kOutboxWords * 8 / (kMaxRecordBytes + 16), 60U);
  EXPECT_LE(kMaxRecordBytes, kOutboxWords / 4 * 8) << "the queue's own limit for one record";
  EXPECT_LE(kMaxRecordBytes, kLogRingWords / 8 * 8) << "and the ring's";
  EXPECT_LE(kMaxRecordBytes + sizeof(HistoryReplyHeader), kInboxWords / 4 * 8);
}

TEST(WorkerLayoutTest, TheInboxHasRoomForAHistoryPageAndOneMessageMore) {
  // Bytes of the page, a header word and padding for each message and for the end of the page, and one message more.
  const std::uint64_t page = kHistoryPageBytes + (kHistoryPageMessages + 1) * (16 + sizeof(HistoryReplyHeader));
  EXPECT_LE(page + kMaxRecordBytes + 16 + sizeof(HistoryReplyHeader), kInboxWords * 8);
}

TEST(WorkerRegionViewTest, AWildSessionCountIsBoundedByTheLayout) {
  const WorkerLayout layout(1, 10);
  const shm::Segment segment("worker-layout-test", layout.total_bytes());
  ASSERT_TRUE(shm::reserve(segment.writer_descriptor(), 0, layout.reserved_bytes()));
  const shm::Mapping mapping(segment.writer_descriptor(), shm::Access::ReadWrite, layout.readers_bytes());
  const WorkerRegionView view(mapping, layout);
  EXPECT_EQ(view.sessions_in_use(0), 0U);
  view.control(0).sessions_high_water.store(7);
  EXPECT_EQ(view.sessions_in_use(0), 7U);
  for (const std::uint64_t wild : {11ULL, 1ULL << 32, ~0ULL}) {
    view.control(0).sessions_high_water.store(wild);
    EXPECT_EQ(view.sessions_in_use(0), 10U);
  }
}

TEST(LedgerLayoutTest, NothingOverlapsForAnyNumberOfSlots) {
  for (const std::uint32_t slots : {1U, 2U, 31U, 32U, 33U, 64U, 500U}) {
    SCOPED_TRACE(std::to_string(slots) + " slots");
    const LedgerLayout layout(slots);
    std::vector<Part> parts{{0, sizeof(LedgerRegionHeader), 64, "header"},
                            {layout.rooms(), kMaxRooms * sizeof(RoomEntry), 8, "rooms"}};
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
      parts.push_back({layout.slot(slot), sizeof(SlotControl), 64, "slot"});
      parts.push_back({layout.inbox_words(slot), kInboxWords * 8, 64, "inbox"});
    }
    expect_sound(parts, layout.total_bytes());
  }
}

TEST(RoomStateTest, AWildLengthShowsNoName) {
  RoomState room;
  room.name_bytes = 37;
  EXPECT_EQ(room.name_view(), "");
  SessionLogin login;
  login.name_bytes = ~0U;
  EXPECT_EQ(login.name_view(), "");
}

}  // namespace
}  // namespace rookery::chat
