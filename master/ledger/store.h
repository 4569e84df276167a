// master/ledger/store.h
//
// The durable side of the ledger: accounts and messages in an SQLite database (WAL, synchronous=FULL). What commit()
// has returned true for survives a crash of every process and of the machine. docs/storage.md describes the tables.
//
// Who may use it  The ledger's storing thread alone opens it for writing; StoreReader opens it once more, read-only,
// for
//                 the archive thread. A connection is never carried across a fork or between threads.
// When the ledger dies  SQLite rolls back what was not committed; the log ring still has it and the successor stores
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/chat/history_exchange.h"
#include "ipc/chat/record.h"

namespace rookery::store {

// An epoch before the present one, and the newest number that was stored in it.
struct PastEpoch {
  std::string epoch;
  std::uint64_t last_seq = 0;
};

// What a fresh ledger must know of the past.
struct StoreState {
  std::string epoch;                   // 16 hexadecimal digits, made when the database was
  std::vector<PastEpoch> past_epochs;  // oldest first
  std::uint64_t last_seq = 0;          // of the newest durable record
  std::uint64_t next_client = 1;       // client ids from here on were never given out
  std::uint64_t next_account = 1;
  std::int64_t last_time_ms = 0;  // of the newest message, so that times never decrease
  std::uint64_t pruned_to = 0;    // messages up to this number may have been removed; none above
};

struct StoredAccount {
  std::uint64_t id = 0;
  std::string name;
  std::string password_hash;
  bool locked = false;
};

// As the store has it: until_ms 0 is for ever, account 0 a ban of addresses.
struct StoredBan {
  std::string mask;  // or the account's name
  std::uint64_t account = 0;
  std::int64_t since_ms = 0;
  std::int64_t until_ms = 0;
  std::string reason;
};

// Which messages are kept; 0: no such limit.
struct Retention {
  std::chrono::milliseconds age{0};
  std::uint64_t bytes = 0;  // of the database's pages in use, accounts and indices included

  [[nodiscard]] bool limits() const noexcept { return age.count() != 0 || bytes != 0; }
};

struct Pruned {
  std::uint64_t messages = 0;
  std::uint64_t to = 0;  // the newest number among them, where there are some
  bool more = false;     // there may be others to be removed
};

// Everything here throws StoreError when it cannot go on; what() tells the operator the file and what to do.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An fsync failed. Whoever goes on in this process, or syncs the same pages again, may be told that they are on disk
// although the kernel has dropped them: the process must end, see docs/storage.md.
class SyncFailed : public StoreError {
 public:
  using StoreError::StoreError;
};

class Store final {
 public:
  // Opens or creates `directory`/rookery.db and checks that it is whole and of this version.
  explicit Store(const std::filesystem::path& directory);
  ~Store();
  Store(Store&&) noexcept;

  [[nodiscard]] const StoreState& state() const noexcept;

  // The last stop was not clean, and the machine has not run on since: what was published but not stored is unknown.
  [[nodiscard]] bool machine_may_have_failed() const noexcept;
  // A new epoch: message numbers may now be given again.
  void renew_epoch();

  // Every account, in order of its id.
  void for_each_account(const std::function<void(const StoredAccount&)>& visit) const;

  // Those that have not ended by then and whose account, if they are of one, is there.
  [[nodiscard]] std::vector<StoredBan> bans(std::int64_t now_ms) const;

  // A group commit: begin(), add() for each durable record in order of seq, commit(). A record with a seq not greater
  // than the newest stored is passed over: it is there already. False: nothing of the group counts as stored (disk
  // full, I/O error), error() says why. Add the same records again in a later group, never others under their numbers:
  // a group whose commit() failed at the last moment may be found whole when the disk is back, and is then passed over.
  // After a false add() nothing more of the group is taken: rollback() or commit() (which returns false) ends it. A
  // false begin() needs neither.
  [[nodiscard]] bool begin();
  [[nodiscard]] bool add(const chat::Record& record);
  [[nodiscard]] bool commit();
  // Inside a group: removes the oldest messages that are not to be kept, `most` of them. What is removed is gone with
  // the commit; its space is used again. Empty: as a false add().
  [[nodiscard]] std::optional<Pruned> prune(const Retention& keep, std::int64_t now_ms, std::uint32_t most);
  // Inside a group: forgets the bans that have ended by then. False: as a false add().
  [[nodiscard]] bool remove_ended_bans(std::int64_t now_ms);
  void rollback() noexcept;
  // Can something be written, and made durable? Outside of a group; changes nothing but a row that nobody reads. False:
  // as after commit().
  [[nodiscard]] bool probe();
  // From now on `path` must lead to that open file, as the store's own paths must to its files. While one does not,
  // begin() and commit() return false: what is written now may be gone at the next start, or be another server's.
  void demand(const std::filesystem::path& path, int descriptor);
  // What was removed or replaced, for people; empty: all is in its place.
  [[nodiscard]] std::optional<std::string> displaced() const;
  [[nodiscard]] std::string error() const;
  // The error was an fsync's: end the process, without another call.
  [[nodiscard]] bool sync_failed() const noexcept;

  // What the opening found behind the newest whole group in the WAL, of a group that was cut short.
  [[nodiscard]] std::uint64_t dropped_bytes() const noexcept;

  // Moves the WAL into the database and notes that the stop is a clean one. Not inside a group. Does nothing while
  // something is displaced.
  void checkpoint() noexcept;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// A larger limit counts as this one: a walk of so many takes some milliseconds, whoever asked.
inline constexpr std::uint32_t kMaxHistoryWalk = 65536;

struct HistoryQuery {
  std::string room;         // in any case; "*": the broadcasts alone
  std::uint64_t below = 0;  // only seq < below; 0: no bound
  std::uint64_t above = 0;  // only seq > above
  std::uint32_t limit = 0;
  chat::HistoryOrder order = chat::HistoryOrder::Newest;
  std::uint32_t page_messages = 0;  // 0: no bound
  std::uint32_t page_bytes = 0;     // of encoded records; 0: no bound. A page has one message at least
};

struct HistoryPage {
  bool room_known = false;                      // the store has messages of this room
  std::vector<std::vector<std::byte>> records;  // encoded chat::Records, oldest first
  std::uint32_t remaining = 0;                  // how many more there are within the limit; 0: that was all
};

struct MissedQuery {
  std::uint64_t above = 0;    // only seq > above
  std::uint64_t below = 0;    // only seq < below; 0: no bound
  chat::MissedTopics topics;  // its views must live during the call
  bool count_only = false;
  std::uint32_t page_rows = 0;      // looked at; 0: no bound
  std::uint32_t page_messages = 0;  // found, unless they are only counted; 0: no bound
  std::uint32_t page_bytes = 0;     // of encoded records; 0: no bound. Never keeps a page from having one message
};

struct MissedPage {
  std::vector<std::vector<std::byte>> records;  // encoded chat::Records by rising seq; none when they are only counted
  std::uint64_t found = 0;
  std::uint64_t looked_to = 0;  // go on above this; not less than below - 1: that was all
};

class StoreReader final {
 public:
  explicit StoreReader(const std::filesystem::path& directory);
  ~StoreReader();

  // A room's messages and the broadcasts between them: what a member would have seen. Of a room without messages the
  // broadcasts alone. A message carries its room's name as it was first written. Throws StoreError.
  [[nodiscard]] HistoryPage history(const HistoryQuery& query);

  // What somebody missed who listens to several things. Throws StoreError.
  [[nodiscard]] MissedPage missed(const MissedQuery& query);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace rookery::store
