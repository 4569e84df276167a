#include "master/ledger/statement.h"

#include <sqlite3.h>

#include "ipc/os/errors.h"
#include "master/ledger/connection.h"

namespace rookery::store {

Statement::Statement(const Connection& connection, std::string_view sql) {
  if (sqlite3_prepare_v3(connection.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement_, nullptr) != SQLITE_OK) {
    connection.fail("read its tables");
  }
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

// A bind fails for a wrong position or a statement that was not reset: never for what a client sent.
void Statement::bind(int position, std::int64_t value) noexcept {
  ROOKERY_INVARIANT(sqlite3_bind_int64(statement_, position, value) == SQLITE_OK);
}

void Statement::bind(int position, std::uint64_t value) noexcept {
  bind(position, static_cast<std::int64_t>(value));
}

void Statement::bind(int position, std::string_view value) noexcept {
  // A null pointer would bind NULL.
  ROOKERY_INVARIANT(sqlite3_bind_text(statement_, position, value.empty() ? "" : value.data(),
                                      static_cast<int>(value.size()), SQLITE_STATIC) == SQLITE_OK);
}

void Statement::bind_null(int position) noexcept {
  ROOKERY_INVARIANT(sqlite3_bind_null(statement_, position) == SQLITE_OK);
}

bool Statement::run() noexcept {
  failed_ = sqlite3_step(statement_) != SQLITE_DONE;
  sqlite3_reset(statement_);
  return !failed_;
}

bool Statement::next() noexcept {
  const int result = sqlite3_step(statement_);
  failed_ = result != SQLITE_ROW && result != SQLITE_DONE;
  return result == SQLITE_ROW;
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_);
}

std::int64_t Statement::number(int column) const noexcept {
  return sqlite3_column_int64(statement_, column);
}

std::uint64_t Statement::bits(int column) const noexcept {
  return static_cast<std::uint64_t>(number(column));
}

std::string_view Statement::text(int column) const noexcept {
  const void* const bytes = sqlite3_column_text(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

}  // namespace rookery::store
