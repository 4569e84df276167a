#include "master/ledger/sequencer.h"

#include <algorithm>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/shm/name_table.h"
#include "ipc/wire/error_code.h"
#include "master/ledger/record_check.h"

namespace rookery::ledger {

namespace {

// Records taken from one outbox before the next one's turn; all outboxes together make one batch.
constexpr int kTakeAtOnce = 256;
// A loop with an older heartbeat is not waited for. Loops turn at least every 500 ms.
constexpr std::uint64_t kReaderIsAliveMs = 1500;
// A room's members are told of joins and leaves only up to this size: a thousand joins must not cost a million events.
constexpr std::uint64_t kPresenceMembers = 256;
constexpr std::uint64_t kMostClientsAtOnce = 65536;
// A loop is left asleep while what it has not read is less than this part of the ring: far from holding up the writer.
constexpr std::uint64_t kMostUnreadPart = 4;

std::uint8_t refused(wire::ErrorCode code) noexcept {
  return static_cast<std::uint8_t>(static_cast<int>(code) + 1);
}

}  // namespace

Sequencer::Sequencer(LedgerContext& context, shm::LogRingWriter& ring, RoomBook& rooms,
                     const shm::NameTableReader& users, Archive& archive, PublishedMark& mark, const Recovered& start)
    : context_(context),
      ring_(ring),
      rooms_(rooms),
      users_(users),
      archive_(archive),
      mark_(mark),
      region_(context.region()),
      loops_(context.loop_ringers()),
      concerned_(context.shared.slots()),
      seq_(start.last_seq),
      next_client_(start.next_client),
      next_account_(start.next_account),
      time_ms_(start.last_time_ms) {
  for (std::uint32_t slot = 0; slot < context.shared.slots(); ++slot) {
    const auto worker = context.worker(context.shared.worker_of(slot));
    const std::uint32_t loop = context.shared.loop_of(slot);
    slots_.push_back({shm::RecordQueueConsumer(worker.control(loop).outbox_tail, worker.outbox_words(loop),
                                               chat::kOutboxWords, region_.slot(slot).outbox_taken)});
  }
}

bool Sequencer::has_work() const noexcept {
  if (!notices_.empty() || !departures_.empty()) return true;
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot)
    if (may_look_into(slot) && slots_[slot].outbox.has_more()) return true;
  return false;
}

std::uint64_t Sequencer::life_of(std::uint32_t slot) const noexcept {
  return context_.worker(context_.shared.worker_of(slot)).header().slot_epoch.load(std::memory_order_acquire);
}

// What stands in a damaged outbox stays there until a successor has emptied it.
bool Sequencer::may_look_into(std::uint32_t slot) const noexcept {
  return !slots_[slot].damaged || life_of(slot) != slots_[slot].damaged_by;
}

Sequencer::TurnResult Sequencer::turn() {
  const shm::Position begin = ring_.end();
  time_ms_ = std::max(time_ms_, context_.calendar.date_ms());  // one look at the clock for a batch
  note_slowest_reader();
  const shm::Position durable = context_.ring_header().durable_end.load(std::memory_order_acquire);
  while (!pending_order_.empty() && pending_order_.front().first <= durable) {
    // It is in the user table now; or there was no memory for it, then it stays taken here.
    if (users_.find(pending_order_.front().second) != nullptr) pending_names_.erase(pending_order_.front().second);
    pending_order_.pop_front();
  }

  bool took = false;
  append_notices();
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    took |= take_from((first_slot_ + i) % static_cast<std::uint32_t>(slots_.size()));
  first_slot_ = (first_slot_ + 1) % static_cast<std::uint32_t>(slots_.size());
  append_departures();

  if (took || ring_.end() != begin) {
    publish();
    return TurnResult::Published;
  }
  return has_work() ? TurnResult::NoRoom : TurnResult::Idle;
}

void Sequencer::note_slowest_reader() noexcept {
  slowest_reader_ = ring_.end();
  // Both numbers are a worker's and may be wild: a heartbeat of the future is none, and who is further behind than the
  // ring reaches has nothing left to wait for.
  const auto now = static_cast<std::uint64_t>(os::monotonic_ms());
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    const chat::LoopControl& loop = context_.loop_control(slot);
    const auto beat = static_cast<std::uint64_t>(loop.heartbeat_ms.load(std::memory_order_relaxed));
    if (now - beat > kReaderIsAliveMs && beat - now > kReaderIsAliveMs) continue;
    const shm::Position position = loop.log_position.load(std::memory_order_acquire);
    if (ring_.end() - position <= ring_.capacity_words()) slowest_reader_ = std::min(slowest_reader_, position);
  }
}

// An eighth of the ring stays free, so that a reader in the middle of copying the oldest record is never overtaken by
// the batch under way.
bool Sequencer::room_for(std::size_t payload_bytes) const noexcept {
  const shm::Position durable = context_.ring_header().durable_end.load(std::memory_order_acquire);
  const shm::Position oldest = std::min(durable, slowest_reader_);
  return ring_.end() + shm::LogRingWriter::words_of(payload_bytes) - oldest <= ring_.capacity_words() / 8 * 7;
}

bool Sequencer::take_from(std::uint32_t number) {
  if (!may_look_into(number)) return false;
  Slot& slot = slots_[number];
  slot.damaged = false;
  bool took = false;
  for (int i = 0; i < kTakeAtOnce && !slot.damaged && room_for(chat::kMaxRecordBytes); ++i) {
    const shm::TakeResult taken = slot.outbox.peek(taken_bytes_);
    if (taken == shm::TakeResult::Empty) break;
    if (taken == shm::TakeResult::Damaged) {
      damage(number, "the outbox holds what is no record");
      break;
    }
    fault::point(fault::Point::LedgerAfterRead);
    took = true;
    slot.peeked = true;
    auto record = chat::decode_record(taken_bytes_);
    if (!record || taken_bytes_.size() > chat::kMaxRecordBytes) {
      damage(number, "a record in the outbox does not add up");
      break;
    }
    if (const std::string_view wrong = what_is_wrong(*record); !wrong.empty()) {
      damage(number, std::string(wrong));
      break;
    }
    accept(number, *record);
  }
  return took;
}

void Sequencer::damage(std::uint32_t slot, const std::string& text) {
  slots_[slot].damaged = true;
  slots_[slot].damaged_by = life_of(slot);
  damaged_.push_back({context_.shared.worker_of(slot), text});
}

void Sequencer::accept(std::uint32_t slot, chat::Record& record) {
  if (record.header.kind == chat::RecordKind::FetchHistory || record.header.kind == chat::RecordKind::FetchMissed) {
    archive_.ask(slot, record);
    return;
  }
  chat::RecordHeader& header = record.header;
  header.slot = slot;
  header.outbox_number = slots_[slot].outbox.number();
  header.outcome = 0;
  if (!decide(slot, record)) return;
  append(record);
  if (header.kind == chat::RecordKind::Register && header.outcome == 0) note_pending_name(record.name);
}

// False: nothing to publish.
bool Sequencer::decide(std::uint32_t slot, chat::Record& record) {
  chat::RecordHeader& header = record.header;
  switch (header.kind) {
    case chat::RecordKind::Say:
    case chat::RecordKind::Broadcast:
    case chat::RecordKind::Direct:
      return true;
    case chat::RecordKind::Register:
      decide_registration(record);
      return true;
    case chat::RecordKind::Join:
    case chat::RecordKind::Leave:
      return decide_membership(record);
    case chat::RecordKind::ReserveClients:
      header.target = next_client_;
      header.members = std::min(header.members, kMostClientsAtOnce);
      next_client_ += header.members;
      return true;
    case chat::RecordKind::None:
    case chat::RecordKind::Notice:
    case chat::RecordKind::FetchHistory:
    case chat::RecordKind::FetchMissed:
    case chat::RecordKind::ChangeAccount:
    case chat::RecordKind::ChangeBan:
      break;
  }
  damage(slot, "a record of a kind that workers do not make");
  return false;
}

void Sequencer::decide_registration(chat::Record& record) {
  const std::string folded = shm::folded(record.name);
  if (users_.find(record.name) != nullptr || pending_names_.contains(folded)) {
    record.header.outcome = refused(wire::ErrorCode::NameTaken);
    return;
  }
  if (users_.count() + pending_names_.size() >= chat::kMaxAccounts) {
    record.header.outcome = refused(wire::ErrorCode::ServerFull);
    return;
  }
  record.header.target = next_account_++;
}

bool Sequencer::decide_membership(chat::Record& record) {
  chat::RecordHeader& header = record.header;
  if (header.kind == chat::RecordKind::Join) {
    const auto joined = rooms_.join(record.target_name);
    if (!joined) {
      header.outcome = refused(wire::ErrorCode::ServerFull);
      return true;
    }
    header.room = joined->room;
    header.members = joined->members;
    record.target_name = rooms_.name(joined->room);
  } else {
    const auto members = rooms_.leave(header.room);
    header.members = members.value_or(0);  // a wild worker's: nobody was there to leave
    if (!members) return true;
  }
  header.flags = static_cast<std::uint8_t>(header.flags & ~chat::kPresence);
  if (header.room != chat::kLobbyRoom) {
    touched_rooms_.push_back(header.room);
    if (header.members <= kPresenceMembers) header.flags |= chat::kPresence;
  }
  return true;
}

void Sequencer::append(chat::Record& record) {
  chat::RecordHeader& header = record.header;
  if (chat::is_durable(header.kind)) ++seq_;
  header.seq = seq_;
  header.time_ms = time_ms_;
  chat::encode_record(record, ring_bytes_);
  const shm::Position end = ring_.append(ring_bytes_);
  note_concerned(header);
  for (const std::uint32_t room : touched_rooms_) rooms_.set_as_of(room, end);
  touched_rooms_.clear();
}

void Sequencer::append_notices() {
  std::size_t done = 0;
  for (; done < notices_.size() && room_for(chat::kMaxRecordBytes); ++done) {
    chat::Record record;
    record.header.kind = chat::RecordKind::Notice;
    record.header.slot = ~0U;
    record.text = notices_[done];
    append(record);
  }
  notices_.erase(notices_.begin(), notices_.begin() + static_cast<std::ptrdiff_t>(done));
}

void Sequencer::note_pending_name(std::string_view name) {
  pending_names_.insert(shm::folded(name));
  pending_order_.emplace_back(ring_.end(), shm::folded(name));
}

void Sequencer::worker_gone(std::uint32_t worker) {
  // All of its outboxes first: whatever it put there before it died counts.
  for (std::uint32_t loop = 0; loop < context_.shared.loops; ++loop) {
    const std::uint32_t slot = context_.shared.slot(worker, loop);
    while (!slots_[slot].damaged && slots_[slot].outbox.has_more()) {
      if (turn() == TurnResult::NoRoom) break;  // the disk is behind; departures_ waits for it
    }
  }
  departures_.push_back({worker, false, {}});
}

void Sequencer::worker_vacant(std::uint32_t worker, std::uint64_t slot_epoch) noexcept {
  for (std::uint32_t loop = 0; loop < context_.shared.loops; ++loop) {
    auto& vacant_life = region_.slot(context_.shared.slot(worker, loop)).vacant_life;
    // Told again after the death of a ledger, perhaps.
    if (vacant_life.load(std::memory_order_relaxed) < slot_epoch)
      vacant_life.store(slot_epoch, std::memory_order_release);
  }
}

void Sequencer::append_departures() {
  for (Departures& gone : departures_) {
    bool drained = true;
    for (std::uint32_t loop = 0; loop < context_.shared.loops; ++loop) {
      const Slot& slot = slots_[context_.shared.slot(gone.worker, loop)];
      drained &= slot.damaged || (!slot.outbox.has_more() && !slot.peeked);
    }
    if (!drained) continue;
    if (!gone.searched) gone = find_departures(context_, gone.worker);
    while (!gone.open.empty() && room_for(chat::kMaxRecordBytes)) {
      const Departure& next = gone.open.front();
      chat::Record record;
      record.header.kind = chat::RecordKind::Leave;
      record.header.flags = chat::kSilent;
      record.header.client = next.client;
      record.header.account = next.account;
      record.header.slot = next.slot;
      record.header.room = next.room;
      record.name = next.name;
      const std::string room_name(rooms_.name(next.room));
      record.target_name = room_name;
      if (!room_name.empty() && decide_membership(record)) append(record);
      gone.open.pop_front();
    }
    if (!gone.open.empty()) continue;
    for (std::uint32_t loop = 0; loop < context_.shared.loops; ++loop) {
      const std::uint32_t slot = context_.shared.slot(gone.worker, loop);
      slots_[slot].damaged_by = life_of(slot);  // whatever it wrote there before its end; nobody writes there now
    }
    cleaned_.push_back(gone.worker);
  }
  std::erase_if(departures_, [](const Departures& gone) { return gone.searched && gone.open.empty(); });
}

std::vector<std::uint32_t> Sequencer::take_cleaned() {
  return std::exchange(cleaned_, {});
}

std::vector<Sequencer::Damage> Sequencer::take_damaged() {
  return std::exchange(damaged_, {});
}

void Sequencer::publish() {
  mark_.advance(seq_);
  fault::point(fault::Point::LedgerBeforePublish);
  ring_.publish();
  fault::point(fault::Point::LedgerAfterPublish);
  for (Slot& slot : slots_) {
    if (!slot.peeked) continue;
    fault::point(fault::Point::LedgerBeforeAckCursor);
    slot.outbox.release();
    slot.peeked = false;
  }
  fault::point(fault::Point::LedgerAfterAckCursor);
  rooms_.write_through();
  region_.header().newest_seq.store(seq_, std::memory_order_release);
  region_.header().applied_end.store(ring_.end(), std::memory_order_release);
  ring_loops();
}

void Sequencer::note_concerned(const chat::RecordHeader& header) {
  if (header.slot < concerned_.size()) concerned_[header.slot] = true;
  switch (header.kind) {
    case chat::RecordKind::Say:
    case chat::RecordKind::Join:
    case chat::RecordKind::Leave:
      if (spoken_rooms_.empty() || spoken_rooms_.back() != header.room) spoken_rooms_.push_back(header.room);
      break;
    case chat::RecordKind::ReserveClients:
      break;
    default:
      concerns_all_ = true;
  }
}

// A loop that sleeps and has no member of the rooms concerned sleeps on, until the ring holds much that it has not
// read: it would hold up the others.
void Sequencer::ring_loops() noexcept {
  for (std::uint32_t slot = 0; slot < loops_.size(); ++slot) {
    if (!loops_[slot].is_asleep()) continue;
    const chat::LoopControl& loop = context_.loop_control(slot);
    const auto hears = [&loop](std::uint32_t room) { return loop.hears(room); };
    const shm::Position unread = ring_.end() - loop.log_position.load(std::memory_order_relaxed);
    if (concerns_all_ || concerned_[slot] || unread > ring_.capacity_words() / kMostUnreadPart ||
        std::ranges::any_of(spoken_rooms_, hears))
      loops_[slot].ring_if_asleep();
  }
  concerns_all_ = false;
  std::fill(concerned_.begin(), concerned_.end(), false);
  spoken_rooms_.clear();
}

}  // namespace rookery::ledger
