#include "master/ledger/publisher.h"

#include <algorithm>

#include "ipc/fault/fault_point.h"
#include "ipc/os/clock.h"

namespace rookery::ledger {

namespace {

// A loop with an older heartbeat is not waited for. Loops turn at least every 500 ms.
constexpr std::uint64_t kReaderIsAliveMs = 1500;
// A loop is left asleep while what it has not read is less than this part of the ring: far from holding up the writer.
constexpr std::uint64_t kMostUnreadPart = 4;

}  // namespace

Publisher::Publisher(LedgerContext& context, shm::LogRingWriter& ring, StateMachine& state, RoomTable& rooms,
                     PublishedMark& mark)
    : context_(context),
      ring_(ring),
      state_(state),
      rooms_(rooms),
      mark_(mark),
      region_(context.region()),
      published_end_(ring.end()),
      loops_(context.loop_ringers()),
      concerned_slots_(context.shared.slots()) {}

void Publisher::begin_batch() noexcept {
  slowest_reader_ = ring_.end();
  // Both numbers are a worker's and may be wild: a heartbeat of the future is none, and who is further behind than the
  // ring reaches has nothing left to wait for.
  const auto now = static_cast<std::uint64_t>(os::monotonic_ms());
  for (std::uint32_t slot = 0; slot < loops_.size(); ++slot) {
    const chat::LoopControl& loop = context_.loop_control(slot);
    const auto beat = static_cast<std::uint64_t>(loop.heartbeat_ms.load(std::memory_order_relaxed));
    if (now - beat > kReaderIsAliveMs && beat - now > kReaderIsAliveMs) continue;
    const shm::Position position = loop.log_position.load(std::memory_order_acquire);
    if (ring_.end() - position <= ring_.capacity_words()) slowest_reader_ = std::min(slowest_reader_, position);
  }
}

// An eighth of the ring stays free, so that a reader in the middle of copying the oldest record is never overtaken by
// the batch under way.
bool Publisher::has_room() const noexcept {
  const shm::Position durable = context_.ring_header().durable_end.load(std::memory_order_acquire);
  const shm::Position oldest = std::min(durable, slowest_reader_);
  const std::uint64_t words = shm::LogRingWriter::words_of(chat::kMaxRecordBytes);
  return ring_.end() + words - oldest <= ring_.capacity_words() / 8 * 7;
}

void Publisher::ordered(chat::Record& record) {
  state_.apply(record);
  chat::encode_record(record, bytes_);
  state_.applied_at(ring_.append(bytes_));
  note_concerned(record.header);
}

void Publisher::publish() {
  mark_.advance(state_.counters().last_seq);
  fault::point(fault::Point::LedgerBeforePublish);
  ring_.publish();
  published_end_ = ring_.end();
  fault::point(fault::Point::LedgerAfterPublish);
}

void Publisher::follow_up() {
  rooms_.follow(state_.rooms());
  region_.header().newest_seq.store(state_.counters().last_seq, std::memory_order_release);
  region_.header().applied_end.store(published_end_, std::memory_order_release);
  ring_loops();
}

void Publisher::note_concerned(const chat::RecordHeader& header) {
  if (header.slot < concerned_slots_.size()) concerned_slots_[header.slot] = true;
  switch (header.kind) {
    case chat::RecordKind::Say:
    case chat::RecordKind::Join:
    case chat::RecordKind::Leave:
      if (concerned_rooms_.empty() || concerned_rooms_.back() != header.room) concerned_rooms_.push_back(header.room);
      break;
    case chat::RecordKind::ReserveClients:
      break;
    default:
      concerns_all_ = true;
  }
}

// A loop that sleeps and has no member of the rooms concerned sleeps on, until the ring holds much that it has not
// read: it would hold up the others.
void Publisher::ring_loops() noexcept {
  for (std::uint32_t slot = 0; slot < loops_.size(); ++slot) {
    if (!loops_[slot].is_asleep()) continue;
    const chat::LoopControl& loop = context_.loop_control(slot);
    const auto hears = [&loop](std::uint32_t room) { return loop.hears(room); };
    const shm::Position unread = ring_.end() - loop.log_position.load(std::memory_order_relaxed);
    if (concerns_all_ || concerned_slots_[slot] || unread > ring_.capacity_words() / kMostUnreadPart ||
        std::ranges::any_of(concerned_rooms_, hears))
      loops_[slot].ring_if_asleep();
  }
  concerns_all_ = false;
  std::fill(concerned_slots_.begin(), concerned_slots_.end(), false);
  concerned_rooms_.clear();
}

}  // namespace rookery::ledger
