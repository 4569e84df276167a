// The numbers that docs/shared-memory.md gives: whoever changes one changes the page, and the digit in the magic.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "ipc/chat/ban.h"
#include "ipc/chat/history_exchange.h"
#include "ipc/chat/ledger_region.h"
#include "ipc/chat/master_region.h"
#include "ipc/chat/record.h"
#include "ipc/chat/worker_region.h"
#include "ipc/shm/log_ring.h"
#include "ipc/shm/name_table.h"

#define EXPECT_AT(offset, type, member) EXPECT_EQ(offsetof(type, member), offset##U) << #type "::" #member

namespace rookery::chat {
namespace {

std::string text_of_magic(std::uint64_t magic) {
  std::string text(8, ' ');
  std::memcpy(text.data(), &magic, 8);
  return text;
}

TEST(LayoutTest, Magics) {
  EXPECT_EQ(text_of_magic(WorkerRegionHeader::kMagic), "ROOKWKR9");
  EXPECT_EQ(text_of_magic(LedgerRegionHeader::kMagic), "ROOKKLG7");
  EXPECT_EQ(text_of_magic(MasterRegionHeader::kMagic), "ROOKMST1");
  EXPECT_EQ(text_of_magic(shm::LogRingHeader::kMagic), "ROOKLOG2");
  EXPECT_EQ(text_of_magic(shm::NameTableHeader::kMagic), "NAMETAB2");
}

TEST(LayoutTest, LogRingHeader) {
  EXPECT_EQ(sizeof(shm::LogRingHeader), 2304U);
  EXPECT_AT(0, shm::LogRingHeader, magic);
  EXPECT_AT(8, shm::LogRingHeader, capacity_words);
  EXPECT_AT(64, shm::LogRingHeader, reserved_end);
  EXPECT_AT(128, shm::LogRingHeader, committed_end);
  EXPECT_AT(192, shm::LogRingHeader, durable_end);
  EXPECT_AT(256, shm::LogRingHeader, landmarks);
  EXPECT_EQ(shm::kLandmarks, 256U);
  EXPECT_EQ(1U << shm::landmark_shift(kLogRingWords), 8192U);
  EXPECT_EQ(kLogRingWords, 2'097'152U);
}

TEST(LayoutTest, NameTable) {
  EXPECT_EQ(sizeof(shm::NameTableHeader), 128U);
  EXPECT_AT(0, shm::NameTableHeader, magic);
  EXPECT_AT(8, shm::NameTableHeader, max_entries);
  EXPECT_AT(64, shm::NameTableHeader, count);
  EXPECT_AT(68, shm::NameTableHeader, level);
  EXPECT_AT(72, shm::NameTableHeader, changes);
  EXPECT_EQ(sizeof(shm::NameTableEntry), 176U);
  EXPECT_AT(0, shm::NameTableEntry, id);
  EXPECT_AT(8, shm::NameTableEntry, name_bytes);
  EXPECT_AT(9, shm::NameTableEntry, name);
  EXPECT_AT(47, shm::NameTableEntry, state);
  EXPECT_AT(48, shm::NameTableEntry, value);
  EXPECT_EQ(kMaxAccounts, 4'000'000U);
  // The index begins at 704,000,128, rounded up to a page; its thirteen levels begin with one of 8 KiB.
  EXPECT_EQ(shm::name_table_bytes(kMaxAccounts), 704'004'096U + 8192U * 8191);
}

TEST(LayoutTest, RecordHeader) {
  EXPECT_EQ(sizeof(RecordHeader), 88U);
  EXPECT_AT(0, RecordHeader, kind);
  EXPECT_AT(1, RecordHeader, flags);
  EXPECT_AT(2, RecordHeader, outcome);
  EXPECT_AT(3, RecordHeader, op);
  EXPECT_AT(4, RecordHeader, session);
  EXPECT_AT(8, RecordHeader, client);
  EXPECT_AT(16, RecordHeader, account);
  EXPECT_AT(24, RecordHeader, target);
  EXPECT_AT(32, RecordHeader, seq);
  EXPECT_AT(40, RecordHeader, time_ms);
  EXPECT_AT(48, RecordHeader, slot_epoch);
  EXPECT_AT(56, RecordHeader, outbox_number);
  EXPECT_AT(64, RecordHeader, slot);
  EXPECT_AT(68, RecordHeader, room);
  EXPECT_AT(72, RecordHeader, members);
  EXPECT_AT(80, RecordHeader, text_bytes);
  EXPECT_AT(84, RecordHeader, id_bytes);
  EXPECT_AT(86, RecordHeader, name_bytes);
  EXPECT_AT(87, RecordHeader, target_name_bytes);
}

TEST(LayoutTest, HistoryReplyHeader) {
  EXPECT_EQ(sizeof(HistoryReplyHeader), 16U);
  EXPECT_AT(0, HistoryReplyHeader, request);
  EXPECT_AT(8, HistoryReplyHeader, kind);
  EXPECT_AT(12, HistoryReplyHeader, remaining);
  EXPECT_EQ(sizeof(MissedPageEnd), 16U);
  EXPECT_AT(0, MissedPageEnd, looked_to);
  EXPECT_AT(8, MissedPageEnd, found);
}

TEST(LayoutTest, WorkerRegionHeader) {
  EXPECT_EQ(sizeof(WorkerRegionHeader), 24U + 64 * sizeof(Suspect));
  EXPECT_AT(0, WorkerRegionHeader, magic);
  EXPECT_AT(8, WorkerRegionHeader, slot_epoch);
  EXPECT_AT(16, WorkerRegionHeader, pid);
  EXPECT_AT(24, WorkerRegionHeader, pool_suspects);
}

TEST(LayoutTest, LoopControl) {
  EXPECT_EQ(sizeof(LoopControl), 2816U);
  EXPECT_AT(0, LoopControl, sleeping);
  EXPECT_AT(8, LoopControl, awaiting_position);
  EXPECT_AT(64, LoopControl, heartbeat_ms);
  EXPECT_AT(72, LoopControl, log_position);
  EXPECT_AT(80, LoopControl, sessions_high_water);
  EXPECT_AT(88, LoopControl, connections);
  EXPECT_AT(96, LoopControl, lobby_members);
  EXPECT_AT(104, LoopControl, accepted);
  EXPECT_AT(112, LoopControl, deliveries);
  EXPECT_AT(128, LoopControl, outbox_tail);
  EXPECT_AT(192, LoopControl, inbox_taken);
  EXPECT_AT(200, LoopControl, suspect);
  EXPECT_AT(256, LoopControl, journal);
  EXPECT_AT(384, LoopControl, rooms_heard);
  EXPECT_AT(2432, LoopControl, counters);
  EXPECT_EQ(sizeof(LoopCounters), 328U);
  EXPECT_AT(0, LoopCounters, clients);
  EXPECT_AT(64, LoopCounters, messages);
  EXPECT_AT(72, LoopCounters, bytes_in);
  EXPECT_AT(80, LoopCounters, bytes_out);
  EXPECT_AT(88, LoopCounters, logins_good);
  EXPECT_AT(96, LoopCounters, logins_bad);
  EXPECT_AT(104, LoopCounters, passwords_refused);
  EXPECT_AT(112, LoopCounters, lines_refused);
  EXPECT_AT(120, LoopCounters, refused);
  EXPECT_AT(160, LoopCounters, slow_passed_over);
  EXPECT_AT(168, LoopCounters, messages_passed_over);
  EXPECT_AT(176, LoopCounters, slow_closed);
  EXPECT_AT(184, LoopCounters, pool_waiting);
  EXPECT_AT(192, LoopCounters, hash_us);
  EXPECT_AT(320, LoopCounters, tape_bytes);
  EXPECT_EQ(sizeof(TimeHistogram), 128U);
  EXPECT_AT(120, TimeHistogram, sum);
  EXPECT_EQ(sizeof(BatchHistogram), 72U);
  EXPECT_AT(64, BatchHistogram, sum);
}

TEST(LayoutTest, WorkerRegionParts) {
  const WorkerLayout layout(2, 100);
  EXPECT_EQ(layout.control(0), 4096U);
  EXPECT_EQ(layout.control(1), 4096U + 2816);
  EXPECT_EQ(layout.outbox_words(0), 12'288U);
  EXPECT_EQ(layout.outbox_words(1), 12'288U + 1'048'576);
  EXPECT_EQ(layout.address_entries(), 256U);
  EXPECT_EQ(layout.addresses(0), 12'288U + 2 * 1'048'576);
  EXPECT_EQ(layout.addresses(1), layout.addresses(0) + 4096);
  EXPECT_EQ(layout.client_words(), 257U);
  EXPECT_EQ(WorkerLayout::room_maker_entries(), 32'768U);
  EXPECT_EQ(layout.room_makers(0), layout.addresses(1) + 4096);
  EXPECT_EQ(layout.room_makers(1), layout.room_makers(0) + 262'144);
  EXPECT_EQ(layout.clients(0), layout.room_makers(1) + 262'144);
  EXPECT_EQ(layout.clients(1), layout.clients(0) + 4096);
  EXPECT_EQ(layout.sessions(0), layout.clients(1) + 4096);
  EXPECT_EQ(layout.sessions(1), layout.sessions(0) + shm::page_aligned(100 * sizeof(SessionBlock)));
  EXPECT_EQ(layout.buffers(0), layout.sessions(1) + shm::page_aligned(100 * sizeof(SessionBlock)));
  EXPECT_EQ(layout.large_buffers_offset(0), layout.buffers(0) + shm::page_aligned(116 * 1024));
  EXPECT_EQ(layout.buffers(1), layout.large_buffers_offset(0) + 656 * 16'384);
}

TEST(LayoutTest, SessionBlock) {
  EXPECT_EQ(sizeof(SessionBlock), 208U);
  EXPECT_AT(0, SessionBlock, state);
  EXPECT_AT(4, SessionBlock, port);
  EXPECT_AT(6, SessionBlock, in_lobby);
  EXPECT_AT(8, SessionBlock, client);
  EXPECT_AT(16, SessionBlock, since_ms);
  EXPECT_AT(24, SessionBlock, messages);
  EXPECT_AT(32, SessionBlock, address);
  EXPECT_AT(48, SessionBlock, stream);
  EXPECT_AT(152, SessionBlock, rooms);
  EXPECT_AT(184, SessionBlock, had_from);
}

TEST(LayoutTest, SessionValues) {
  EXPECT_EQ(sizeof(SessionStream), 96U);
  EXPECT_AT(0, SessionStream, received_bytes);
  EXPECT_AT(8, SessionStream, written_bytes);
  EXPECT_AT(16, SessionStream, log_cursor);
  EXPECT_AT(24, SessionStream, outbox_number);
  EXPECT_AT(32, SessionStream, answered_number);
  EXPECT_AT(40, SessionStream, input_buffer);
  EXPECT_AT(44, SessionStream, input_begin);
  EXPECT_AT(46, SessionStream, input_end);
  EXPECT_AT(48, SessionStream, output_head);
  EXPECT_AT(52, SessionStream, output_tail);
  EXPECT_AT(56, SessionStream, output_begin);
  EXPECT_AT(58, SessionStream, output_end);
  EXPECT_AT(60, SessionStream, slot);
  EXPECT_AT(62, SessionStream, flags);
  EXPECT_AT(63, SessionStream, dialect);
  EXPECT_AT(64, SessionStream, items_next);
  EXPECT_AT(72, SessionStream, items_given);
  EXPECT_AT(76, SessionStream, items_promised);
  EXPECT_AT(80, SessionStream, had_all_from);
  EXPECT_AT(88, SessionStream, user);
  EXPECT_AT(92, SessionStream, missed);
  EXPECT_EQ(sizeof(SessionJournal), 8U + 96 + 8);

  EXPECT_EQ(sizeof(SessionRooms), 32U);
  EXPECT_AT(0, SessionRooms, count);
  EXPECT_AT(4, SessionRooms, overflow);
  EXPECT_AT(8, SessionRooms, words);
  EXPECT_EQ((SessionRoom{3, 5}.packed()), 5U << 14 | 3);

  EXPECT_EQ(sizeof(SessionHadFrom), 24U);
  EXPECT_AT(0, SessionHadFrom, everybody);
  EXPECT_AT(8, SessionHadFrom, lobby);
  EXPECT_AT(16, SessionHadFrom, account);
}

TEST(LayoutTest, LedgerRegion) {
  EXPECT_EQ(sizeof(LedgerRegionHeader), 4288U);
  EXPECT_AT(0, LedgerRegionHeader, magic);
  EXPECT_AT(8, LedgerRegionHeader, epoch);
  EXPECT_AT(24, LedgerRegionHeader, generation);
  EXPECT_AT(32, LedgerRegionHeader, newest_seq);
  EXPECT_AT(40, LedgerRegionHeader, rooms_high_water);
  EXPECT_AT(64, LedgerRegionHeader, sleeping);
  EXPECT_AT(72, LedgerRegionHeader, heartbeat_ms);
  EXPECT_AT(80, LedgerRegionHeader, ended_epochs);
  EXPECT_AT(88, LedgerRegionHeader, name_secret);
  EXPECT_AT(128, LedgerRegionHeader, store_failing);
  EXPECT_AT(160, LedgerRegionHeader, ban_changes);
  EXPECT_AT(168, LedgerRegionHeader, bans_used);
  EXPECT_AT(176, LedgerRegionHeader, bans);
  EXPECT_AT(192, LedgerRegionHeader, ended);
  EXPECT_AT(4032, LedgerRegionHeader, counters);
  EXPECT_AT(0, LedgerCounters, written_ms);
  EXPECT_AT(8, LedgerCounters, refused_ms);
  EXPECT_AT(16, LedgerCounters, groups_failed);
  EXPECT_AT(24, LedgerCounters, accounts);
  EXPECT_AT(32, LedgerCounters, batch_records);
  EXPECT_AT(104, LedgerCounters, commit_us);
  EXPECT_EQ(sizeof(EndedEpoch), 24U);
  EXPECT_AT(16, EndedEpoch, last_seq);

  EXPECT_EQ(sizeof(SlotControl), 128U);
  EXPECT_AT(0, SlotControl, outbox_taken);
  EXPECT_AT(64, SlotControl, inbox_tail);

  EXPECT_EQ(sizeof(RoomState), 56U);
  EXPECT_AT(0, RoomState, members);
  EXPECT_AT(8, RoomState, as_of);
  EXPECT_AT(16, RoomState, name_bytes);
  EXPECT_AT(20, RoomState, name);
  EXPECT_EQ(sizeof(RoomEntry), 8U + 2 * 56);

  const LedgerLayout layout(3);
  EXPECT_EQ(layout.slot(0), 8192U);
  EXPECT_EQ(layout.slot(2), 8192U + 2 * 128);
  EXPECT_EQ(layout.rooms(), 12'288U);
  EXPECT_EQ(layout.room_index(), 12'288U + shm::page_aligned(16'384 * 120));
  EXPECT_EQ(kRoomIndexWords, 32'769U);
  EXPECT_EQ(layout.inbox_words(0), layout.room_index() + shm::page_aligned(32'769 * 8));
  EXPECT_EQ(layout.inbox_words(1), layout.inbox_words(0) + 262'144);
  EXPECT_EQ(layout.bans(), layout.inbox_words(3));
  EXPECT_EQ(layout.total_bytes(), layout.bans() + 4096U * 328);

  EXPECT_EQ(sizeof(BanPlace), 8U + 2 * 160);
  EXPECT_AT(0, Ban, account);
  EXPECT_AT(8, Ban, network);
  EXPECT_AT(24, Ban, until_ms);
  EXPECT_AT(32, Ban, kind);
  EXPECT_AT(33, Ban, bits);
  EXPECT_AT(34, Ban, reason_bytes);
  EXPECT_AT(40, Ban, reason);
}

TEST(LayoutTest, MasterRegion) {
  EXPECT_EQ(sizeof(MasterRegionHeader), 336U);
  EXPECT_AT(0, MasterRegionHeader, magic);
  EXPECT_AT(8, MasterRegionHeader, started_ms);
  EXPECT_AT(16, MasterRegionHeader, heartbeat_ms);
  EXPECT_AT(24, MasterRegionHeader, phase);
  EXPECT_AT(32, MasterRegionHeader, ledger_away);
  EXPECT_AT(40, MasterRegionHeader, held);
  EXPECT_AT(48, MasterRegionHeader, lost_sockets);
  EXPECT_AT(56, MasterRegionHeader, restarts);
  EXPECT_AT(176, MasterRegionHeader, taken_over_in_place);
  EXPECT_AT(184, MasterRegionHeader, taken_over_by_others);
  EXPECT_AT(192, MasterRegionHeader, given_up);
  EXPECT_AT(200, MasterRegionHeader, pause_us);
  EXPECT_AT(328, MasterRegionHeader, longest_pause_us);
  EXPECT_EQ(sizeof(ProcessEntry), 24U);
  EXPECT_AT(0, ProcessEntry, state);
  EXPECT_AT(8, ProcessEntry, pid);
  EXPECT_AT(16, ProcessEntry, started_ms);
  const MasterLayout layout(3);
  EXPECT_EQ(layout.entry(0), 336U);
  EXPECT_EQ(layout.entry(2), 336U + 2 * 24);
  EXPECT_EQ(layout.total_bytes(), 336U + 4 * 24);
}

TEST(LayoutTest, HistogramsCountAValueAtTheBoundBelowIt) {
  TimeHistogram histogram{};
  for (const std::uint64_t us : {0U, 100U, 101U, 30'000'000U, 30'000'001U}) histogram.add(us);
  EXPECT_EQ(value_of(histogram.buckets[0]), 2U);
  EXPECT_EQ(value_of(histogram.buckets[1]), 1U);
  EXPECT_EQ(value_of(histogram.buckets[13]), 1U);
  EXPECT_EQ(value_of(histogram.buckets[14]), 1U);
  EXPECT_EQ(value_of(histogram.sum), 60'000'202U);
}

// The record that the page shows word by word.
TEST(LayoutTest, TheExampleOnThePage) {
  shm::PositionWord tail{0};
  shm::PositionWord taken{0};
  std::array<std::uint64_t, 64> words{};
  shm::RecordQueueProducer producer(tail, words.data(), words.size(), taken);
  EXPECT_EQ(producer.append(std::as_bytes(std::span("hello world", 11))), 3U);
  EXPECT_EQ(words[0], 0x40e6988b0000000bU);
  EXPECT_EQ(words[1], 0x6f77206f6c6c6568U);
  EXPECT_EQ(words[2], 0x0000000000646c72U);
  EXPECT_EQ(producer.append(std::as_bytes(std::span("hello world", 11))), 6U);
  EXPECT_EQ(words[3], 0x0453d5d10000000bU) << "the same payload, another place";
}

}  // namespace
}  // namespace rookery::chat
