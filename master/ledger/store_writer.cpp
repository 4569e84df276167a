#include "master/ledger/store_writer.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/crash_dump.h"
#include "ipc/os/errors.h"

namespace rookery::ledger {

namespace {

// Records in one group commit. More would only make the first of them wait longer: at this size the disk's flush is
// already shared by thousands.
constexpr std::size_t kGroupRecords = 8192;
// How long a failed group waits before it is tried again: space or the disk may come back.
constexpr std::chrono::milliseconds kRetryAfter{500};

// How often it is looked whether there are old messages to be removed, when the newest look has found no more.
constexpr std::chrono::milliseconds kLookForOld{200};
constexpr std::size_t kLookAfterRecords = 256;  // 2 MB of the longest messages
// Removed at once: some tenths of a millisecond.
constexpr std::uint32_t kPruneRows = 128;
// With a group, what is over this share of its own records and this time waits for the next one.
constexpr std::size_t kPrunedPerRecord = 2;
constexpr std::size_t kMostPruned = 2048;
constexpr std::chrono::milliseconds kPruneWithin{2};
constexpr std::chrono::seconds kPruneAfterFailure{5};

// How often it is looked whether lock, store and directory are in their places while nothing is to be stored.
constexpr std::chrono::seconds kLookAtFiles{2};

}  // namespace

StoreWriter::StoreWriter(LedgerContext& context, store::Store store, shm::NameTableWriter& users, BanBook& bans,
                         PublishedMark& mark, const store::Retention& retention)
    : context_(context),
      store_(std::move(store)),
      users_(users),
      bans_(bans),
      mark_(mark),
      reader_(context.ring_reader()),
      loops_(context.loop_ringers()),
      retention_(retention),
      thread_([this] { run(); }) {}

StoreWriter::~StoreWriter() {
  static_cast<void>(finish());
}

bool StoreWriter::finish() {
  if (!thread_.joinable()) return all_stored_;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  woken_.notify_one();
  thread_.join();
  return all_stored_;
}

void StoreWriter::wake() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (work_) return;
    work_ = true;
  }
  woken_.notify_one();
}

void StoreWriter::probe() noexcept {
  {
    const std::lock_guard lock(mutex_);
    probe_ = true;
  }
  woken_.notify_one();
}

void StoreWriter::run() {
  const os::CrashStack stack;
  for (;;) {
    end_bans();
    const GroupResult result = store_group();
    if (result == GroupResult::Stored) continue;
    std::unique_lock lock(mutex_);
    if (result == GroupResult::Failed) {
      if (stop_) {
        log::alert("stopped with messages that could not be made durable: {}", store_.error());
        all_stored_ = false;
        return;
      }
      woken_.wait_for(lock, kRetryAfter, [this] { return stop_; });
      continue;
    }
    if (stop_ && !work_) break;
    if (os::Monotonic::now() >= look_at_files_) {
      lock.unlock();
      look_at_files();
      lock.lock();
    }
    if (!stop_ && !work_ && retention_.limits()) {
      lock.unlock();
      if (prune_alone()) continue;
      lock.lock();
    }
    woken_.wait_for(lock, patience(), [this] { return work_ || stop_ || probe_; });
    work_ = false;
    if (!std::exchange(probe_, false)) continue;
    lock.unlock();
    write_probe();
  }
  if (const auto why = store_.displaced()) {
    log::alert("{}: the store is left as it is, and what was acknowledged may be lost with it", *why);
    all_stored_ = false;
    return;
  }
  store_.checkpoint();
  if (store_.sync_failed()) group_failed("empty the write-ahead log");
}

// How long there is nothing to do if nothing comes.
std::chrono::milliseconds StoreWriter::patience() const {
  std::chrono::milliseconds result = retention_.limits() ? kLookForOld : kLookAtFiles;
  const auto end_ms = bans_.next_end_ms();
  if (end_ms && context_.calendar.is_certain())
    result = std::clamp(std::chrono::milliseconds(*end_ms - context_.calendar.date_ms()), std::chrono::milliseconds(1),
                        result);
  return result;
}

StoreWriter::GroupResult StoreWriter::store_group() {
  const shm::Position begin = reader_.position();
  user_changes_.clear();
  ban_changes_.clear();
  std::size_t durable_records = 0;
  if (!add_group(durable_records)) {
    group_failed("store messages");
    store_.rollback();
    reader_.seek(begin);
    return GroupResult::Failed;
  }
  if (reader_.position() == begin) return GroupResult::Nothing;
  if (durable_records > 0 && !prune(durable_records)) {
    group_failed("remove old messages");
    store_.rollback();
    reader_.seek(begin);
    return GroupResult::Failed;
  }
  if (durable_records > 0) fault::point(fault::Point::LedgerBeforeCommit);
  const auto commit_began = os::Monotonic::now();
  if (durable_records > 0 && !store_.commit()) {
    group_failed("make messages durable");
    reader_.seek(begin);
    return GroupResult::Failed;
  }
  if (durable_records > 0) {
    fault::point(fault::Point::LedgerAfterCommit);
    mark_.stored(newest_seq_);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(os::Monotonic::now() - commit_began);
    chat::LedgerCounters& counters = context_.region().header().counters;
    counters.batch_records.add(durable_records);
    counters.commit_us.add(static_cast<std::uint64_t>(took.count()));
    note_written();
  }
  change_users();
  change_bans();
  announce(reader_.position(), durable_records > 0);
  return GroupResult::Stored;
}

// Between groups. What it says is for who asks whether the server is healthy; that clients are refused is decided by
// groups alone.
void StoreWriter::write_probe() {
  if (store_.probe()) return note_written();
  note_refused();
  if (store_.sync_failed()) group_failed("write a probe");
  log::warning("the store cannot be written at the moment: {}", store_.error());
}

void StoreWriter::note_written() noexcept {
  chat::set(context_.region().header().counters.written_ms, static_cast<std::uint64_t>(os::monotonic_ms()));
}

void StoreWriter::note_refused() noexcept {
  chat::set(context_.region().header().counters.refused_ms, static_cast<std::uint64_t>(os::monotonic_ms()));
}

void StoreWriter::set_retention(const store::Retention& retention) {
  {
    const std::lock_guard lock(mutex_);
    retention_ = retention;
  }
  wake();
}

// In the open group, which has that many records. False: it has failed.
bool StoreWriter::prune(std::size_t records) {
  store::Retention keep;
  {
    const std::lock_guard lock(mutex_);
    keep = retention_;
  }
  const auto begin = os::Monotonic::now();
  unlooked_ += records;
  const bool failed_lately = look_for_old_ - begin > kLookForOld;
  if (keep.age.count() != 0 && !context_.calendar.is_certain()) {
    keep.age = {};
    if (!keep.limits()) {  // look again in a while, not at once
      more_old_ = false;
      look_for_old_ = std::max(look_for_old_, begin + kLookForOld);
    }
  }
  if (!keep.limits() || failed_lately) return true;
  if (!more_old_ && begin < look_for_old_ && unlooked_ < kLookAfterRecords) return true;
  look_for_old_ = begin + kLookForOld;
  unlooked_ = 0;
  const std::size_t most = std::min(kPruneRows + kPrunedPerRecord * records, kMostPruned);
  for (std::size_t removed = 0; removed < most && os::Monotonic::now() - begin < kPruneWithin;) {
    const auto pruned = store_.prune(keep, context_.calendar.date_ms(), kPruneRows);
    if (!pruned) return false;
    // First: who sees that something is gone must be able to see why.
    auto& pruned_to = context_.region().header().pruned_to;
    if (pruned->to > pruned_to.load(std::memory_order_relaxed)) pruned_to.store(pruned->to, std::memory_order_seq_cst);
    removed += pruned->messages;
    more_old_ = pruned->more;
    if (!more_old_) break;
  }
  return true;
}

// True: there is more to be removed, or to be tried again.
bool StoreWriter::prune_alone() {
  if (!more_old_ && os::Monotonic::now() < look_for_old_) return false;
  bool done = store_.begin();
  if (done) done = prune(0) ? store_.commit() : (store_.rollback(), false);
  if (done) return more_old_;
  if (store_.sync_failed()) group_failed("remove old messages");
  // No group's failure: nobody's message is in doubt.
  if (std::exchange(told_pruning_error_, store_.error()) != store_.error())
    log::warning("cannot remove old messages, will try again: {}", store_.error());
  more_old_ = false;
  look_for_old_ = os::Monotonic::now() + kRetryAfter;
  return false;
}

bool StoreWriter::add_group(std::size_t& durable_records) {
  for (std::size_t i = 0; i < kGroupRecords; ++i) {
    const shm::ReadResult read = reader_.read(bytes_);
    if (read == shm::ReadResult::Empty) return true;
    // The sequencer never overwrites what is not durable, and wrote this record itself.
    ROOKERY_INVARIANT(read == shm::ReadResult::Record);
    const auto record = chat::decode_record(bytes_);
    ROOKERY_INVARIANT(record.has_value());
    if (!chat::is_numbered(record->header)) continue;
    if (durable_records++ == 0 && !store_.begin()) return false;
    if (!store_.add(*record)) return false;
    newest_seq_ = record->header.seq;
    if (record->header.kind == chat::RecordKind::Register)
      user_changes_.push_back({{}, record->header.target, std::string(record->name), std::string(record->text)});
    if (record->header.kind == chat::RecordKind::ChangeAccount)
      user_changes_.push_back({static_cast<chat::AccountChange>(record->header.flags), record->header.target,
                               std::string(record->name), std::string(record->text)});
    if (record->header.kind == chat::RecordKind::ChangeBan) {
      const auto ban = ban_of(*record);
      ROOKERY_INVARIANT(ban.has_value());
      ban_changes_.emplace_back(static_cast<chat::BanChange>(record->header.flags), *ban);
    }
  }
  return true;
}

void StoreWriter::change_users() {
  const std::uint64_t changes = users_.reader().changes();
  for (const UserChange& user : user_changes_) {
    const shm::InsertResult result = change_user(user);
    if (result == shm::InsertResult::Full || result == shm::InsertResult::NoMemory)
      log::alert("account {} is stored, but the user table has no room for it: what is new of it holds after a restart",
                 user.name);
  }
  if (users_.reader().changes() == changes) return;
  // Somebody who is logged in may have to go.
  for (shm::DoorbellRinger& loop : loops_) loop.ring_if_asleep();
}

shm::InsertResult StoreWriter::change_user(const UserChange& user) {
  using Change = chat::AccountChange;
  const auto hash = std::as_bytes(std::span(user.hash));
  if (!user.change) {
    chat::count(context_.region().header().counters.accounts);
    return users_.insert(user.name, user.id, hash);
  }
  const shm::NameTableEntry* known = users_.reader().find(user.name);
  if (known == nullptr || known->id != user.id) return shm::InsertResult::Taken;  // ended before
  if (user.change == Change::Remove) {
    bans_.account_removed(user.id);
    users_.end(user.name, user.id);
    return shm::InsertResult::Inserted;
  }
  const bool is_locked = known->state.load(std::memory_order_relaxed) == shm::EntryState::Locked;
  if (user.change == Change::Password) return users_.make_so(user.name, user.id, hash, is_locked);
  return users_.make_so(user.name, user.id, known->value, user.change == Change::Lock);
}

void StoreWriter::group_failed(const char* what) {
  note_refused();
  if (store_.sync_failed()) {
    log::alert(
        "cannot {}: {}. What the kernel has of it may not be on the disk, so this process ends and the next one "
        "writes it again",
        what, store_.error());
    std::_Exit(kExitSyncFailed);  // nothing is promised, synced or closed any more
  }
  const bool displaced = store_.displaced().has_value();
  if (std::exchange(told_error_, store_.error()) != store_.error()) {
    if (displaced)
      log::alert("{}; nothing is acknowledged until it is in its place again, or the server is started anew",
                 told_error_);
    else
      log::error("cannot {}, will try again: {}", what, told_error_);
  }
  chat::count(context_.region().header().counters.groups_failed);
  // Messages come first: the next try removes none.
  more_old_ = false;
  look_for_old_ = os::Monotonic::now() + kPruneAfterFailure;
  set_failing(displaced ? chat::StoreFailure::Displaced : chat::StoreFailure::CannotWrite);
}

void StoreWriter::set_failing(chat::StoreFailure failure) {
  auto& failing = context_.region().header().store_failing;
  if (failing.exchange(static_cast<std::uint64_t>(failure), std::memory_order_seq_cst) != 0) return;
  for (shm::DoorbellRinger& loop : loops_) loop.ring_if_asleep();
}

// While nothing waits to be stored: what fails then is noticed by its group.
void StoreWriter::look_at_files() {
  look_at_files_ = os::Monotonic::now() + kLookAtFiles;
  const auto failing =
      static_cast<chat::StoreFailure>(context_.region().header().store_failing.load(std::memory_order_relaxed));
  const auto why = store_.displaced();
  if (why && failing == chat::StoreFailure::None) {
    told_error_ = *why;
    log::alert("{}; nothing is acknowledged until it is in its place again, or the server is started anew", *why);
    set_failing(chat::StoreFailure::Displaced);
  } else if (!why && failing == chat::StoreFailure::Displaced) {
    can_store_again();
  }
}

void StoreWriter::can_store_again() {
  told_error_.clear();
  context_.region().header().store_failing.store(0, std::memory_order_seq_cst);
  log::warning("messages can be stored again");
}

// What is not to be stored has not shown that something can be.
void StoreWriter::announce(shm::Position end, bool stored) {
  context_.ring_header().durable_end.store(end, std::memory_order_seq_cst);  // durable
  if (stored && !told_error_.empty()) can_store_again();
  for (std::uint32_t slot = 0; slot < context_.shared.slots(); ++slot) {
    if (context_.loop_control(slot).awaiting_position.load(std::memory_order_seq_cst) <= end)
      loops_[slot].ring_if_asleep();
  }
}

}  // namespace rookery::ledger
