#include "master/ledger/sequencer.h"

#include <algorithm>
#include <utility>

namespace rookery::ledger {

Sequencer::Sequencer(LedgerContext& context, shm::LogRingWriter& ring, StateMachine& state, RoomTable& rooms,
                     const shm::NameTableReader& users, Archive& archive, PublishedMark& mark)
    : context_(context),
      users_(users),
      state_(state),
      publisher_(context, ring, state, rooms, mark),
      order_(publisher_),
      intake_(context, order_, publisher_, users, archive) {}

bool Sequencer::has_work() const noexcept {
  return !notices_.empty() || !departures_.empty() || intake_.has_more();
}

Sequencer::TurnResult Sequencer::turn() {
  publisher_.begin_batch();
  const std::int64_t now_ms = context_.calendar.date_ms();  // one look at the clock for a batch
  offer_notices(now_ms);
  const bool took = intake_.take(now_ms);
  offer_departures(now_ms);
  if (took || publisher_.has_batch()) {
    publish();
    return TurnResult::Published;
  }
  return has_work() ? TurnResult::NoRoom : TurnResult::Idle;
}

void Sequencer::publish() {
  publisher_.publish();
  intake_.release();
  publisher_.follow_up();
}

chat::Record Sequencer::own_record(chat::RecordKind kind, std::int64_t now_ms) noexcept {
  chat::Record record;
  record.header.kind = kind;
  record.header.time_ms = now_ms;
  record.header.slot = ~0U;
  return record;
}

void Sequencer::offer_notices(std::int64_t now_ms) {
  std::size_t done = 0;
  for (; done < notices_.size() && publisher_.has_room(); ++done) {
    chat::Record record = own_record(chat::RecordKind::Notice, now_ms);
    record.text = notices_[done];
    order_.offer(record);
  }
  notices_.erase(notices_.begin(), notices_.begin() + static_cast<std::ptrdiff_t>(done));
}

void Sequencer::worker_gone(std::uint32_t worker) {
  // All of its outboxes first: whatever it put there before it died counts.
  while (intake_.has_more_of(worker))
    if (turn() == TurnResult::NoRoom) break;  // the disk is behind; departures_ waits for it
  departures_.push_back({worker, false, {}});
}

void Sequencer::worker_vacant(std::uint32_t worker, std::uint64_t slot_epoch) noexcept {
  for (std::uint32_t loop = 0; loop < context_.shared.loops; ++loop) {
    auto& vacant_life = context_.region().slot(context_.shared.slot(worker, loop)).vacant_life;
    // Told again after the death of a ledger, perhaps.
    if (vacant_life.load(std::memory_order_relaxed) < slot_epoch)
      vacant_life.store(slot_epoch, std::memory_order_release);
  }
}

void Sequencer::offer_departures(std::int64_t now_ms) {
  for (Departures& gone : departures_) {
    if (!intake_.is_drained(gone.worker)) continue;
    if (!gone.searched) gone = find_departures(context_, gone.worker);
    while (!gone.open.empty() && publisher_.has_room()) {
      const Departure& next = gone.open.front();
      chat::Record record = own_record(chat::RecordKind::Leave, now_ms);
      record.header.flags = chat::kSilent;
      record.header.client = next.client;
      record.header.account = next.account;
      record.header.slot = next.slot;
      record.header.room = next.room;
      record.name = next.name;
      if (!state_.rooms().name(next.room).empty()) order_.offer(record);
      gone.open.pop_front();
    }
    if (!gone.open.empty()) continue;
    intake_.close(gone.worker);
    cleaned_.push_back(gone.worker);
  }
  std::erase_if(departures_, [](const Departures& gone) { return gone.searched && gone.open.empty(); });
}

std::vector<std::uint32_t> Sequencer::take_cleaned() {
  return std::exchange(cleaned_, {});
}

}  // namespace rookery::ledger
