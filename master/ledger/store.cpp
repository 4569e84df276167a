#include "master/ledger/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <utility>

#include "ipc/os/errors.h"
#include "master/ledger/database_files.h"
#include "master/ledger/migration.h"
#include "master/ledger/placement.h"
#include "master/ledger/schema.h"
#include "master/ledger/stored_bans.h"
#include "master/ledger/wal_check.h"
#include "master/ledger/wal_rewrite.h"
#include "master/ledger/write_session.h"

namespace rookery::store {

namespace {

namespace fs = std::filesystem;

// Checked in some 0.13 s, so checked at each opening; a larger one only when the machine may have failed, because a
// killed ledger's successor must be back within half a second. docs/storage.md has the figures.
constexpr std::uintmax_t kAlwaysCheckedBytes = 64 * 1024 * 1024;
constexpr std::uintmax_t kSmallestBytes = 4096;  // a page

// Who has the database open: this run of this machine's kernel, and the file itself, which a restored copy is not. The
// same mark in an abandoned database means that a process was killed but the kernel has kept all that it wrote.
std::string usage_mark(const fs::path& file) {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  struct stat status {};
  if (boot.empty() || ::stat(file.c_str(), &status) != 0) {
    std::uint64_t bits = 0;  // never the same: the next opening takes the careful way
    static_cast<void>(::getrandom(&bits, sizeof bits, 0));
    return fmt::format("unknown {:016x}", bits);
  }
  return fmt::format("{} {}", boot, status.st_ino);
}

[[noreturn]] void refuse_wal(const fs::path& file, const WalReport& report) {
  throw StoreError(fmt::format(
      "{0}: its write-ahead log {0}-wal is damaged at byte {1}, and acknowledged messages stand behind it; restore a "
      "backup, or give up what stands behind with: sqlite3 {0} \"PRAGMA wal_checkpoint(TRUNCATE)\" (docs/storage.md)",
      file.string(), report.offset));
}

// What stands in the way of opening the files at all. Returns what the WAL looks like.
WalReport inspect_files(const fs::path& file) {
  const fs::path wal = with_suffix(file, "-wal");
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (error && status.type() != fs::file_type::not_found) {
    throw StoreError(fmt::format("{}: cannot look at it: {}", file.string(), error.message()));
  }
  if (!fs::exists(status)) {
    const std::uintmax_t wal_bytes = fs::file_size(wal, error);
    if (!error && wal_bytes > 0) {
      throw StoreError(
          fmt::format("{0}: is missing, but its write-ahead log {0}-wal is there; restore both from where they were "
                      "moved to, or delete the log to start with an empty database",
                      file.string()));
    }
    create_database(file);
    return {};
  }
  // SQLite would take a file without a whole page for a fresh one, and delete the WAL that belongs to it.
  const std::uintmax_t bytes = fs::file_size(file, error);
  if (!error && bytes < kSmallestBytes) {
    throw StoreError(
        fmt::format("{0}: is cut short: it has {1} bytes; restore a backup, or delete it and {0}-wal to "
                    "start with an empty database",
                    file.string(), bytes));
  }
  const WalReport report = inspect_wal(wal);
  if (report.condition == WalCondition::Unreadable) {
    throw StoreError(fmt::format("{}: cannot read it: {}", wal.string(), os::error_text(errno)));
  }
  if (report.condition == WalCondition::Damaged) refuse_wal(file, report);
  return report;
}

}  // namespace

struct Store::Implementation {
  enum class Group : unsigned char { None, Open, Failed };

  ~Implementation() {
    // SQLite would move the WAL into a file that is nobody's any more, and remove whatever has the WAL's name.
    if (session && placement.violation()) abandon_session();
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  explicit Implementation(const fs::path& directory) : file(directory / kDatabaseName) {
    const WalReport wal = inspect_files(file);
    dropped_bytes = wal.dropped_bytes;
    rewrite_wal(file);
    mark = usage_mark(file);
    migrate(file, [&](const std::string& last_mark) {
      if (wal.condition == WalCondition::TornOrDamaged && last_mark == mark) refuse_wal(file, wal);
    });
    session.emplace(file);
    const std::string last_mark = session->in_use_by();
    const bool machine_ran_on = last_mark == mark;
    if (wal.condition == WalCondition::TornOrDamaged && machine_ran_on) refuse_wal(file, wal);
    const bool clean = last_mark.empty();
    machine_may_have_failed = !clean && !machine_ran_on;
    if (fs::file_size(file) <= kAlwaysCheckedBytes || !(clean || machine_ran_on)) {
      check_whole(session->connection());
    }
    session->empty_wal();  // a reader may keep it; rewrite_wal() has made it durable where it is
    session->set_in_use_by(mark);
    session->empty_wal();
    demand_files();  // before it may be moved into the file when it is closed
    session->keep_on_close(true);
    state.epoch = session->epoch();
    state.past_epochs = session->past_epochs();
    take(session->progress());
  }

  // What SQLite has open must be what has its names, now and from now on.
  void demand_files() {
    placement.demand(file);
    for (const char* suffix : kSessionFiles) placement.demand(with_suffix(file, suffix));
    int moved = 0;
    sqlite3_file_control(session->connection().get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved != 0)
      throw StoreError(fmt::format("{}: was removed or replaced while it was being opened", file.string()));
  }

  void take(const Progress& progress) {
    stored = progress;
    state.last_seq = progress.last_seq;
    state.next_client = progress.next_client;
    state.next_account = progress.next_account;
    state.last_time_ms = progress.last_time_ms;
    state.pruned_to = progress.pruned_to;
  }

  // After a failure that was not an fsync's: what the WAL holds of earlier groups is on the disk, of the failed one
  // there may be a part. The WAL is emptied, or that part cut off, before anything new is promised.
  [[nodiscard]] bool reopen() {
    try {
      session.reset();
      session.emplace(file);
      session->empty_wal();
      if (session->epoch() != state.epoch || session->progress().last_seq < stored.last_seq) {
        error = fmt::format("{}: is not the database it was: it ends at message {} and {} was stored; {}",
                            file.string(), session->progress().last_seq, stored.last_seq, repair_advice(file));
        abandon_session();
        return false;
      }
      demand_files();
      take(session->progress());
      session->keep_on_close(true);
      return true;
    } catch (const std::exception& failure) {
      error = failure.what();
      sync_failed = sync_failed || dynamic_cast<const SyncFailed*>(&failure) != nullptr;
      abandon_session();
      return false;
    }
  }

  // Closes the connection without moving the WAL: that would sync it again.
  void abandon_session() noexcept {
    if (session) session->keep_on_close(false);
    session.reset();
    for (const char* suffix : kSessionFiles) placement.forget(with_suffix(file, suffix));
  }

  // True: something is not in its place, and `error` says what.
  bool note_displaced() {
    const auto why = placement.violation();
    if (why) error = *why;
    return why.has_value();
  }

  // Nothing of the group is stored, and the connection is not to be used again.
  bool fail_group(std::string_view purpose) {
    error = session->connection().explain(purpose);
    sync_failed = sync_failed || session->connection().sync_failed();
    session->rollback();
    abandon_session();
    group = Group::Failed;
    return false;
  }

  bool store_record(const chat::Record& record) {
    switch (record.header.kind) {
      case chat::RecordKind::Say:
      case chat::RecordKind::Broadcast:
      case chat::RecordKind::Direct:
        return session->insert_message(record);
      case chat::RecordKind::Register:
        pending.next_account = std::max(pending.next_account, record.header.target + 1);
        return session->insert_account(record);
      case chat::RecordKind::ChangeAccount:
        return session->change_account(record);
      case chat::RecordKind::ChangeBan:
        return session->change_ban(record);
      case chat::RecordKind::ReserveClients:
        pending.next_client = std::max(pending.next_client, record.header.target + record.header.members);
        return true;
      default:
        return false;
    }
  }

  static constexpr std::array kSessionFiles{"-wal", "-shm"};  // SQLite keeps them as long as the session lasts

  fs::path file;
  Placement placement;
  std::string mark;
  bool machine_may_have_failed = false;
  bool sync_failed = false;  // of all that follows nothing may be promised by this process
  std::uint64_t dropped_bytes = 0;
  std::optional<WriteSession> session;  // empty: lost to an error, begin() makes a new one
  StoreState state;
  Progress stored;   // by the newest commit
  Progress pending;  // by the open group
  Group group = Group::None;
  bool marked_clean = false;
  std::string error;
};

Store::Store(const fs::path& directory) : implementation_(std::make_unique<Implementation>(directory)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;

bool Store::machine_may_have_failed() const noexcept {
  return implementation_->machine_may_have_failed;
}

void Store::renew_epoch() {
  Implementation& self = *implementation_;
  self.session->renew_epoch(new_epoch());
  self.state.epoch = self.session->epoch();
  self.state.past_epochs = self.session->past_epochs();
}

const StoreState& Store::state() const noexcept {
  return implementation_->state;
}

void Store::for_each_account(const std::function<void(const StoredAccount&)>& visit) const {
  Implementation& self = *implementation_;
  if (!self.session && !self.reopen()) throw StoreError(self.error);
  Statement select(self.session->connection(), "SELECT id, name, password_hash, locked FROM accounts ORDER BY id");
  while (select.next()) {
    visit({select.bits(0), std::string(select.text(1)), std::string(select.text(2)), select.number(3) != 0});
  }
  if (select.failed()) self.session->connection().fail("read its accounts");
}

std::vector<StoredBan> Store::bans(std::int64_t now_ms) const {
  Implementation& self = *implementation_;
  if (!self.session && !self.reopen()) throw StoreError(self.error);
  return read_bans(self.session->connection(), now_ms);
}

bool Store::begin() {
  Implementation& self = *implementation_;
  ROOKERY_INVARIANT(self.group != Implementation::Group::Open);
  self.group = Implementation::Group::None;
  if (self.sync_failed || self.note_displaced()) return false;
  if (!self.session && !self.reopen()) return false;
  const bool ready = self.session->checkpoint_if_due() && self.session->begin() &&
                     (!self.marked_clean || self.session->update_in_use_by(self.mark));
  if (!ready) {
    static_cast<void>(self.fail_group("begin a group"));
    self.group = Implementation::Group::None;
    return false;
  }
  self.pending = self.stored;
  self.group = Implementation::Group::Open;
  return true;
}

bool Store::add(const chat::Record& record) {
  Implementation& self = *implementation_;
  ROOKERY_INVARIANT(self.group != Implementation::Group::None);
  ROOKERY_INVARIANT(chat::is_numbered(record.header));
  if (self.group == Implementation::Group::Failed) return false;
  if (record.header.seq <= self.pending.last_seq) return true;
  if (!self.store_record(record)) return self.fail_group("store a record");
  self.pending.last_seq = record.header.seq;
  self.pending.last_time_ms = std::max(self.pending.last_time_ms, record.header.time_ms);
  return true;
}

std::optional<Pruned> Store::prune(const Retention& keep, std::int64_t now_ms, std::uint32_t most) {
  Implementation& self = *implementation_;
  ROOKERY_INVARIANT(self.group != Implementation::Group::None);
  if (self.group == Implementation::Group::Failed) return std::nullopt;
  const auto pruned = self.session->prune(keep, now_ms, most);
  if (!pruned) {
    static_cast<void>(self.fail_group("remove old messages"));
    return std::nullopt;
  }
  self.pending.pruned_to = std::max(self.pending.pruned_to, pruned->to);
  return pruned;
}

bool Store::remove_ended_bans(std::int64_t now_ms) {
  Implementation& self = *implementation_;
  ROOKERY_INVARIANT(self.group != Implementation::Group::None);
  if (self.group == Implementation::Group::Failed) return false;
  return self.session->remove_ended_bans(now_ms) || self.fail_group("remove bans that have ended");
}

bool Store::commit() {
  Implementation& self = *implementation_;
  ROOKERY_INVARIANT(self.group != Implementation::Group::None);
  if (self.group == Implementation::Group::Failed) {
    self.group = Implementation::Group::None;
    return false;
  }
  if (!self.session->insert_pending() || !self.session->update_progress(self.pending, self.stored) ||
      !self.session->commit()) {
    static_cast<void>(self.fail_group("commit a group"));
    self.group = Implementation::Group::None;
    return false;
  }
  self.group = Implementation::Group::None;
  self.marked_clean = false;
  self.take(self.pending);
  // It is stored where nobody will look for it. If it comes back to its place, the next try finds the group there.
  return !self.note_displaced();
}

void Store::rollback() noexcept {
  Implementation& self = *implementation_;
  if (self.group == Implementation::Group::Open) self.session->rollback();
  self.group = Implementation::Group::None;
}

bool Store::probe() {
  if (!begin()) return false;
  Implementation& self = *implementation_;
  if (!self.session->write_probe()) static_cast<void>(self.fail_group("write a probe"));
  return commit();
}

void Store::demand(const fs::path& path, int descriptor) {
  implementation_->placement.demand(path, descriptor);
}

std::optional<std::string> Store::displaced() const {
  return implementation_->placement.violation();
}

std::string Store::error() const {
  return implementation_->error;
}

bool Store::sync_failed() const noexcept {
  return implementation_->sync_failed;
}

std::uint64_t Store::dropped_bytes() const noexcept {
  return implementation_->dropped_bytes;
}

void Store::checkpoint() noexcept {
  Implementation& self = *implementation_;
  ROOKERY_INVARIANT(self.group == Implementation::Group::None);
  // What a failure has left is for the next opening to look at.
  if (!self.session || self.sync_failed || self.note_displaced()) return;
  try {
    self.session->set_in_use_by("");
    self.marked_clean = true;
    self.session->empty_wal();
  } catch (const std::exception& failure) {
    // Whatever stayed in the WAL is durable there.
    self.error = failure.what();
    self.sync_failed = dynamic_cast<const SyncFailed*>(&failure) != nullptr;
    if (self.sync_failed) self.abandon_session();
  }
}

}  // namespace rookery::store
