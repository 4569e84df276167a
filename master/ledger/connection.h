// master/ledger/connection.h
//
// One connection to a database file, closed at the end, and what its errors tell the operator.
//
// It stays in the process and the thread that made it. Statements of a connection go before it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;

namespace rookery::store {

enum class OpenMode : unsigned char { ReadOnly, ReadWrite, Create };

// Somebody's sqlite3 shell may hold the write lock for a moment; more than this is for the operator to end.
inline constexpr int kBusyTimeoutMs = 2000;

// What SQLite must be told before its first use in a process. Called by whoever may be the first.
void prepare_sqlite() noexcept;

class Connection final {
 public:
  // Throws StoreError, also when the file can be read but not written, as ReadWrite asks.
  Connection(std::filesystem::path file, OpenMode mode);

  [[nodiscard]] sqlite3* get() const noexcept { return database_.get(); }
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

  // Runs statements that give no rows. Throws StoreError, which says that one could not `purpose`.
  void execute(const char* sql, std::string_view purpose) const;

  // The connection's newest error: "FILE: cannot PURPOSE: reason; what to do".
  [[nodiscard]] std::string explain(std::string_view purpose) const;
  // Throws StoreError with that text; SyncFailed if an fsync failed.
  [[noreturn]] void fail(std::string_view purpose) const;
  // The newest error is that of an fsync, of a file or its directory.
  [[nodiscard]] bool sync_failed() const noexcept;

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept;
  };

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> database_;
};

// What to do about a database that is not whole, for messages that have said so.
[[nodiscard]] std::string repair_advice(const std::filesystem::path& file);

}  // namespace rookery::store
