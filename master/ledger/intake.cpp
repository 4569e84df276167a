#include "master/ledger/intake.h"

#include <algorithm>
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/wire/error_code.h"
#include "master/ledger/record_check.h"

namespace rookery::ledger {

namespace {

// Records taken from one outbox before the next one's turn; all outboxes together make one batch.
constexpr int kTakeAtOnce = 256;

}  // namespace

Intake::Intake(LedgerContext& context, Order& order, const Publisher& publisher, const shm::NameTableReader& users,
               Archive& archive)
    : context_(context), order_(order), publisher_(publisher), users_(users), archive_(archive) {
  const chat::LedgerRegionView region = context.region();
  for (std::uint32_t slot = 0; slot < context.shared.slots(); ++slot) {
    const auto worker = context.worker(context.shared.worker_of(slot));
    const std::uint32_t loop = context.shared.loop_of(slot);
    slots_.push_back({shm::RecordQueueConsumer(worker.control(loop).outbox_tail, worker.outbox_words(loop),
                                               chat::kOutboxWords, region.slot(slot).outbox_taken)});
  }
}

bool Intake::take(std::int64_t now_ms) {
  const auto slots = static_cast<std::uint32_t>(slots_.size());
  bool took = false;
  for (std::uint32_t i = 0; i < slots; ++i) took |= take_from((first_slot_ + i) % slots, now_ms);
  first_slot_ = (first_slot_ + 1) % slots;
  return took;
}

bool Intake::take_from(std::uint32_t number, std::int64_t now_ms) {
  if (!may_look_into(number)) return false;
  Slot& slot = slots_[number];
  slot.damaged = false;
  bool took = false;
  for (int i = 0; i < kTakeAtOnce && !slot.damaged && publisher_.has_room(); ++i) {
    const shm::TakeResult taken = slot.outbox.peek(bytes_);
    if (taken == shm::TakeResult::Empty) break;
    if (taken == shm::TakeResult::Damaged) {
      note_damage(number, "the outbox holds what is no record");
      break;
    }
    fault::point(fault::Point::LedgerAfterRead);
    took = true;
    slot.peeked = true;
    auto record = chat::decode_record(bytes_);
    if (!record || bytes_.size() > chat::kMaxRecordBytes) {
      note_damage(number, "a record in the outbox does not add up");
      break;
    }
    if (const std::string_view wrong = what_is_wrong(*record); !wrong.empty()) {
      note_damage(number, std::string(wrong));
      break;
    }
    record->header.time_ms = now_ms;
    accept(number, *record);
  }
  return took;
}

void Intake::accept(std::uint32_t slot, chat::Record& record) {
  chat::RecordHeader& header = record.header;
  if (!chat::is_published(header.kind)) return archive_.ask(slot, record);
  header.slot = slot;
  header.outbox_number = slots_[slot].outbox.number();
  const bool has_place = header.kind != chat::RecordKind::Register || has_place_for_account(users_);
  header.outcome = has_place ? std::uint8_t{0} : wire::outcome_of(wire::ErrorCode::ServerFull);
  order_.offer(record);
}

void Intake::release() noexcept {
  for (Slot& slot : slots_) {
    if (!slot.peeked) continue;
    fault::point(fault::Point::LedgerBeforeAckCursor);
    slot.outbox.release();
    slot.peeked = false;
  }
  fault::point(fault::Point::LedgerAfterAckCursor);
}

bool Intake::has_more() const noexcept {
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot)
    if (may_look_into(slot) && slots_[slot].outbox.has_more()) return true;
  return false;
}

bool Intake::has_more_of(std::uint32_t worker) const noexcept {
  for (std::uint32_t loop = 0; loop < context_.shared.loops; ++loop) {
    const Slot& slot = slots_[context_.shared.slot(worker, loop)];
    if (!slot.damaged && slot.outbox.has_more()) return true;
  }
  return false;
}

bool Intake::is_drained(std::uint32_t worker) const noexcept {
  for (std::uint32_t loop = 0; loop < context_.shared.loops; ++loop)
    if (const Slot& slot = slots_[context_.shared.slot(worker, loop)]; !slot.damaged && slot.peeked) return false;
  return !has_more_of(worker);
}

void Intake::close(std::uint32_t worker) noexcept {
  for (std::uint32_t loop = 0; loop < context_.shared.loops; ++loop) {
    const std::uint32_t slot = context_.shared.slot(worker, loop);
    slots_[slot].damaged_by = life_of(slot);
  }
}

bool Intake::has_place_for_account(const shm::NameTableReader& users) noexcept {
  static const std::uint64_t kMostOnTheirWay =
      chat::kLogRingWords / shm::LogRingWriter::words_of(sizeof(chat::RecordHeader));
  return users.count() + kMostOnTheirWay < chat::kMaxAccounts;
}

std::vector<Intake::Damage> Intake::take_damaged() {
  return std::exchange(damaged_, {});
}

std::uint64_t Intake::life_of(std::uint32_t slot) const noexcept {
  return context_.worker(context_.shared.worker_of(slot)).header().slot_epoch.load(std::memory_order_acquire);
}

// What stands in a damaged outbox stays there until a successor has emptied it.
bool Intake::may_look_into(std::uint32_t slot) const noexcept {
  return !slots_[slot].damaged || life_of(slot) != slots_[slot].damaged_by;
}

void Intake::note_damage(std::uint32_t slot, const std::string& text) {
  slots_[slot].damaged = true;
  slots_[slot].damaged_by = life_of(slot);
  damaged_.push_back({context_.shared.worker_of(slot), text});
}

}  // namespace rookery::ledger
