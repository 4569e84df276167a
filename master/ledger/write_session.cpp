#include "master/ledger/write_session.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <optional>

#include "ipc/fault/fault_point.h"
#include "ipc/os/errors.h"
#include "master/ledger/database_files.h"
#include "master/ledger/schema.h"
#include "master/ledger/store.h"

namespace rookery::store {

namespace {

constexpr const char* kMoveWal = "move its write-ahead log into it";
constexpr int kReaderTimeoutMs = 100;  // a reader's page takes some milliseconds; nobody can post meanwhile
constexpr int kTriesBesideWriters = 5;
constexpr int kCheckpointPages = 8192;  // 32 MiB of WAL, some 180,000 messages of 100 bytes

// SQLite's own checkpoint would run inside commit(), before the group's senders get their acknowledgement.
int note_wal_pages(void* wal_pages, sqlite3* /*database*/, const char* /*schema*/, int pages) {
  *static_cast<int*>(wal_pages) = pages;
  return SQLITE_OK;
}

Connection connect(const std::filesystem::path& file, PendingMessages& pending) {
  Connection connection(file, OpenMode::ReadWrite);
  if (!pending.show_to(connection.get())) connection.fail("set it up");
  sqlite3_db_config(connection.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  check_identity(connection);
  {
    // Not an error where it cannot be: the mode stays what it was.
    Statement journal_mode(connection, "PRAGMA journal_mode=WAL");
    if (!journal_mode.next()) connection.fail("use a write-ahead log");
    if (journal_mode.text(0) != "wal") {
      throw StoreError(fmt::format("{}: cannot have a write-ahead log here; choose a data directory on a local disk",
                                   file.string()));
    }
  }
  connection.execute("PRAGMA synchronous=FULL", "set it up");
  connection.execute("PRAGMA cache_size=-16384", "set it up");
  // A transaction reaches the WAL with its commit or not at all: wal_check.h counts on it.
  connection.execute("PRAGMA cache_spill=OFF", "set it up");
  connection.execute("PRAGMA journal_size_limit=67108864", "set it up");
  return connection;
}

}  // namespace

WriteSession::WriteSession(const std::filesystem::path& file)
    : connection_(connect(file, pending_)),
      begin_(connection_, "BEGIN IMMEDIATE"),
      commit_(connection_, "COMMIT"),
      rollback_(connection_, "ROLLBACK"),
      insert_pending_(connection_,
                      "INSERT INTO messages(seq, time_ms, room_id, kind, flags, client, account, target, slot,"
                      " slot_epoch, outbox_number, name, target_name, text) SELECT * FROM pending_messages"),
      insert_account_(connection_, "INSERT INTO accounts(id, name, password_hash, seq, created_ms) VALUES(?,?,?,?,?)"),
      set_password_(connection_, "UPDATE accounts SET password_hash=?2 WHERE id=?1"),
      set_locked_(connection_, "UPDATE accounts SET locked=?2 WHERE id=?1"),
      remove_account_(connection_, "DELETE FROM accounts WHERE id=?"),
      remove_bans_of_account_(connection_, "DELETE FROM bans WHERE account=?"),
      set_ban_(connection_, "INSERT OR REPLACE INTO bans(mask, account, since_ms, until_ms, reason) VALUES(?,?,?,?,?)"),
      remove_ban_(connection_, "DELETE FROM bans WHERE mask=?"),
      remove_ended_bans_(connection_, "DELETE FROM bans WHERE until_ms<>0 AND until_ms<=?"),
      oldest_(connection_, "SELECT seq, time_ms FROM messages ORDER BY seq LIMIT ?"),
      remove_messages_(connection_, "DELETE FROM messages WHERE seq<=?"),
      used_pages_(connection_,
                  "SELECT p.page_count - f.freelist_count, s.page_size"
                  " FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s"),
      find_room_(connection_, "SELECT id FROM rooms WHERE name=?"),
      insert_room_(connection_, "INSERT INTO rooms(name) VALUES(?)"),
      update_number_(connection_, "UPDATE meta SET value = ? WHERE key = ?"),
      update_in_use_by_(connection_, "UPDATE meta SET value = ? WHERE key = 'in_use_by'"),
      write_probe_(connection_,
                   "INSERT INTO meta(key, value) VALUES('probe', 1) ON CONFLICT(key) DO UPDATE SET value = value + 1") {
  sqlite3_wal_hook(connection_.get(), note_wal_pages, &wal_pages_);
}

void WriteSession::renew_epoch(const std::string& epoch) {
  // One transaction: an epoch that is over must not be forgotten, nor noted twice.
  Statement note(connection_,
                 "INSERT INTO meta SELECT printf('past_epoch_%06d',"
                 " (SELECT count(*) FROM meta WHERE key GLOB 'past_epoch_*')), e.value || ' ' || s.value"
                 " FROM meta AS e, meta AS s WHERE e.key = 'epoch' AND s.key = 'last_seq'");
  Statement update(connection_, "UPDATE meta SET value = ? WHERE key = 'epoch'");
  update.bind(1, epoch);
  if (begin_.run() && note.run() && update.run() && commit_.run()) return;
  const std::string problem = connection_.explain("begin a new epoch");
  rollback();
  throw StoreError(problem);
}

std::vector<PastEpoch> WriteSession::past_epochs() {
  Statement select(connection_, "SELECT value FROM meta WHERE key GLOB 'past_epoch_*' ORDER BY key");
  std::vector<PastEpoch> past;
  while (select.next()) {
    const std::string_view value = select.text(0);
    const std::size_t blank = value.find(' ');
    PastEpoch epoch{std::string(value.substr(0, blank)), 0};
    const std::string_view digits = blank == std::string_view::npos ? std::string_view() : value.substr(blank + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), epoch.last_seq);
    if (error != std::errc() || end != digits.data() + digits.size())
      throw StoreError(fmt::format("{}: its table meta holds what is no past epoch: {}; {}",
                                   connection_.file().string(), value, repair_advice(connection_.file())));
    past.push_back(std::move(epoch));
  }
  if (select.failed()) connection_.fail("read its past epochs");
  return past;
}

std::string WriteSession::epoch() {
  Statement select(connection_, "SELECT value FROM meta WHERE key='epoch'");
  if (!select.next() || select.text(0).empty()) connection_.fail("read its epoch");
  return std::string(select.text(0));
}

std::string WriteSession::in_use_by() {
  Statement select(connection_, "SELECT value FROM meta WHERE key='in_use_by'");
  if (!select.next()) connection_.fail("read who used it");
  return std::string(select.text(0));
}

Progress WriteSession::progress() {
  // Five rows or none: a missing one would read as 0 and numbers would be given twice.
  Statement select(connection_,
                   "SELECT a.value, b.value, c.value, d.value, e.value FROM meta a, meta b, meta c, meta d, meta e"
                   " WHERE a.key='last_seq' AND b.key='next_client' AND c.key='next_account' AND d.key='last_time_ms'"
                   " AND e.key='pruned_to'");
  if (!select.next()) {
    if (select.failed()) connection_.fail("read how far it goes");
    throw StoreError(fmt::format("{}: is damaged (table meta lacks rows); {}", connection_.file().string(),
                                 repair_advice(connection_.file())));
  }
  return {select.bits(0), select.bits(1), select.bits(2), select.number(3), select.bits(4)};
}

void WriteSession::set_in_use_by(const std::string& mark) {
  if (!update_in_use_by(mark)) connection_.fail("write to it");
}

void WriteSession::empty_wal() {
  fault::point(fault::Point::LedgerInCheckpoint);
  for (int tries = 0; tries < kTriesBesideWriters; ++tries) {
    const std::int64_t version = data_version();
    int frames = -1;
    sqlite3_busy_timeout(connection_.get(), kReaderTimeoutMs);
    const int result =
        sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &frames, nullptr);
    sqlite3_busy_timeout(connection_.get(), kBusyTimeoutMs);
    if (result == SQLITE_OK) frames = 0;
    const bool held = result == SQLITE_BUSY && frames >= 0;
    if (result != SQLITE_OK && !held) connection_.fail(kMoveWal);
    if (held && !cut_wal(frames, version)) continue;
    wal_pages_ = frames;
    checkpointed_at_ = frames;
    return;
  }
  throw StoreError(fmt::format("{}: cannot {}: another program goes on writing to it: end that program",
                               connection_.file().string(), kMoveWal));
}

bool WriteSession::cut_wal(int frames, std::int64_t version) {
  // Others cannot write while it lasts.
  struct Transaction {
    WriteSession& session;
    ~Transaction() { session.rollback(); }
  };
  if (!begin_.run()) connection_.fail(kMoveWal);
  const Transaction transaction{*this};
  if (data_version() != version) return false;

  Statement page_size(connection_, "PRAGMA page_size");
  if (!page_size.next()) connection_.fail(kMoveWal);
  const sqlite3_int64 end = kWalHeaderBytes + frames * (kWalFrameHeaderBytes + page_size.number(0));
  // SQLite's own file, so that wal_writes.h knows where the file ends now.
  sqlite3_file* wal = nullptr;
  sqlite3_int64 bytes = 0;
  int result = sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (result == SQLITE_OK) result = wal->pMethods->xFileSize(wal, &bytes);
  if (result == SQLITE_OK && bytes > end) {
    result = wal->pMethods->xTruncate(wal, end);
    if (result == SQLITE_OK) result = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
  }
  if (result == SQLITE_OK) return true;
  const std::string text = fmt::format("{0}: cannot cut its write-ahead log {0}-wal: {1} (SQLite {2})",
                                       connection_.file().string(), sqlite3_errstr(result), result);
  if (result == SQLITE_IOERR_FSYNC) throw SyncFailed(text);
  throw StoreError(text);
}

std::int64_t WriteSession::data_version() {
  Statement select(connection_, "PRAGMA data_version");
  if (!select.next()) connection_.fail(kMoveWal);
  return select.number(0);
}

void WriteSession::keep_on_close(bool keep) {
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 0 : 1, nullptr);
}

bool WriteSession::insert_message(const chat::Record& record) {
  const chat::RecordHeader& header = record.header;
  std::int64_t room = kBroadcastRoom;
  if (header.kind == chat::RecordKind::Say && !find_or_insert_room(record.target_name, room)) return false;

  pending_.add(record, header.kind == chat::RecordKind::Direct ? std::nullopt : std::optional(room));
  return !pending_.full() || insert_pending();
}

bool WriteSession::insert_pending() {
  if (pending_.rows().empty()) return true;
  if (!insert_pending_.run()) return false;
  pending_.clear();
  return true;
}

bool WriteSession::insert_account(const chat::Record& record) {
  insert_account_.bind(1, record.header.target);
  insert_account_.bind(2, record.name);
  insert_account_.bind(3, record.text);
  insert_account_.bind(4, record.header.seq);
  insert_account_.bind(5, record.header.time_ms);
  return insert_account_.run();
}

bool WriteSession::change_account(const chat::Record& record) {
  const std::uint64_t account = record.header.target;
  const auto change = static_cast<chat::AccountChange>(record.header.flags);
  switch (change) {
    case chat::AccountChange::Password:
      set_password_.bind(1, account);
      set_password_.bind(2, record.text);
      return set_password_.run();
    case chat::AccountChange::Lock:
    case chat::AccountChange::Unlock:
      set_locked_.bind(1, account);
      set_locked_.bind(2, std::int64_t{change == chat::AccountChange::Lock ? 1 : 0});
      return set_locked_.run();
    case chat::AccountChange::Remove:
      remove_account_.bind(1, account);
      remove_bans_of_account_.bind(1, account);
      return remove_account_.run() && remove_bans_of_account_.run();
  }
  return false;
}

bool WriteSession::change_ban(const chat::Record& record) {
  const chat::RecordHeader& header = record.header;
  if (static_cast<chat::BanChange>(header.flags) == chat::BanChange::Lift) {
    remove_ban_.bind(1, record.name);
    return remove_ban_.run();
  }
  set_ban_.bind(1, record.name);
  set_ban_.bind(2, header.target);
  set_ban_.bind(3, header.time_ms);
  set_ban_.bind(4, static_cast<std::int64_t>(header.members));
  set_ban_.bind(5, record.text);
  return set_ban_.run();
}

bool WriteSession::remove_ended_bans(std::int64_t now_ms) {
  remove_ended_bans_.bind(1, now_ms);
  return remove_ended_bans_.run();
}

std::optional<Pruned> WriteSession::prune(const Retention& keep, std::int64_t now_ms, std::uint32_t most) {
  bool too_large = false;
  if (keep.bytes != 0) {
    if (!used_pages_.next()) return std::nullopt;
    too_large = used_pages_.bits(0) * used_pages_.bits(1) > keep.bytes;
    used_pages_.reset();
  }
  const std::int64_t oldest_kept = keep.age.count() != 0 ? now_ms - keep.age.count() : 0;
  if (!too_large && keep.age.count() == 0) return Pruned{};
  // Numbers and times rise together.
  Pruned pruned;
  oldest_.bind(1, std::int64_t{most});
  while (oldest_.next()) {
    if (!too_large && oldest_.number(1) >= oldest_kept) break;
    pruned.to = oldest_.bits(0);
    ++pruned.messages;
  }
  const bool failed = oldest_.failed();
  oldest_.reset();
  if (failed) return std::nullopt;
  pruned.more = pruned.messages == most;
  if (pruned.messages == 0) return pruned;
  remove_messages_.bind(1, pruned.to);
  if (!remove_messages_.run()) return std::nullopt;
  return pruned;
}

bool WriteSession::update_progress(const Progress& progress, const Progress& stored) {
  const auto update = [this](std::string_view key, auto now, auto before) {
    return now == before || update_number(key, static_cast<std::int64_t>(now));
  };
  return update("last_seq", progress.last_seq, stored.last_seq) &&
         update("next_client", progress.next_client, stored.next_client) &&
         update("next_account", progress.next_account, stored.next_account) &&
         update("last_time_ms", progress.last_time_ms, stored.last_time_ms) &&
         update("pruned_to", progress.pruned_to, stored.pruned_to);
}

bool WriteSession::update_number(std::string_view key, std::int64_t value) {
  update_number_.bind(1, value);
  update_number_.bind(2, key);
  return update_number_.run();
}

bool WriteSession::update_in_use_by(std::string_view mark) {
  update_in_use_by_.bind(1, mark);
  return update_in_use_by_.run();
}

bool WriteSession::write_probe() {
  return write_probe_.run();
}

bool WriteSession::checkpoint_if_due() {
  if (wal_pages_ < checkpointed_at_) checkpointed_at_ = 0;  // the WAL has begun at its start again
  if (wal_pages_ - checkpointed_at_ < kCheckpointPages) return true;
  fault::point(fault::Point::LedgerInCheckpoint);
  checkpointed_at_ = wal_pages_;
  const int result = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY;
}

void WriteSession::rollback() noexcept {
  rooms_.clear();
  pending_.clear();
  // Some errors roll back by themselves.
  if (sqlite3_get_autocommit(connection_.get()) == 0) static_cast<void>(rollback_.run());
}

bool WriteSession::find_or_insert_room(std::string_view name, std::int64_t& id) {
  if (const auto known = rooms_.find(name)) {
    id = *known;
    return true;
  }
  find_room_.bind(1, name);
  const bool found = find_room_.next();
  if (found) id = find_room_.number(0);
  find_room_.reset();
  if (find_room_.failed()) return false;
  if (!found) {
    insert_room_.bind(1, name);
    if (!insert_room_.run()) return false;
    id = sqlite3_last_insert_rowid(connection_.get());
  }
  rooms_.add(name, id);
  return true;
}

}  // namespace rookery::store
