// master/ledger/ban_changes.cpp: the storing thread's bans, those that are made and those that end.
#include <chrono>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/ledger/store_writer.h"

namespace rookery::ledger {

namespace {

// How often rows of bans that have ended are removed, or tried to be.
constexpr std::chrono::seconds kRemoveEndedEvery{5};

}  // namespace

void StoreWriter::change_bans() {
  for (const auto& [change, ban] : ban_changes_)
    if (bans_.apply(change, ban) != BanBook::Applied::Done)
      log::alert("a ban is stored, but there is no shared memory for it: it holds after a restart");
  // Somebody may have to go.
  if (bans_.publish())
    for (shm::DoorbellRinger& loop : loops_) loop.ring_if_asleep();
}

void StoreWriter::end_bans() {
  const bool remove_rows = ended_rows_ && os::Monotonic::now() >= remove_ended_at_;
  if ((!bans_.next_end_ms() && !remove_rows) || !context_.calendar.is_certain()) return;
  const std::int64_t now_ms = context_.calendar.date_ms();
  if (bans_.end_expired(now_ms)) {
    static_cast<void>(bans_.publish());
    ended_rows_ = true;
  }
  if (remove_rows) remove_ended_bans(now_ms);
}

// They have no effect any more; that the store forgets them too may wait.
void StoreWriter::remove_ended_bans(std::int64_t now_ms) {
  remove_ended_at_ = os::Monotonic::now() + kRemoveEndedEvery;
  if (store_.begin() && store_.remove_ended_bans(now_ms) && store_.commit()) {
    ended_rows_ = false;
    told_ban_error_.clear();
    return;
  }
  if (store_.sync_failed()) group_failed("remove bans that have ended");
  // No group's failure: nobody's message is in doubt.
  if (std::exchange(told_ban_error_, store_.error()) != store_.error())
    log::warning("cannot remove bans that have ended, will try again: {}", told_ban_error_);
  store_.rollback();
}

}  // namespace rookery::ledger
