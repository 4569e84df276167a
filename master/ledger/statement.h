// master/ledger/statement.h
//
// One prepared statement of SQLite, finalized at the end. It is prepared once and used many times:
//     insert.bind(1, seq); insert.bind(2, text);
//     if (insert.run()) ...                      // no rows: runs to the end and is ready for the next time
//     select.bind(1, room);
//     while (select.next()) use(select.text(0)); // views live until the next call on the statement
//     if (select.failed()) ...                   // next() is false at the end and after an error: ask
//     select.reset();                            // lets go of the read lock; the mistake everybody makes
//
// Bound text is not copied: it must live until run() or reset().
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

struct sqlite3_stmt;

namespace rookery::store {

class Connection;

class Statement final {
 public:
  // Throws StoreError, for instance when a table is not there.
  Statement(const Connection& connection, std::string_view sql);
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  ~Statement();

  // Positions count from 1. Unsigned numbers are stored as the signed number of the same bits.
  void bind(int position, std::int64_t value) noexcept;
  void bind(int position, std::uint64_t value) noexcept;
  void bind(int position, std::string_view value) noexcept;
  void bind_null(int position) noexcept;

  [[nodiscard]] bool run() noexcept;
  [[nodiscard]] bool next() noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  void reset() noexcept;

  // Columns count from 0.
  [[nodiscard]] std::int64_t number(int column) const noexcept;
  [[nodiscard]] std::uint64_t bits(int column) const noexcept;
  [[nodiscard]] std::string_view text(int column) const noexcept;

 private:
  sqlite3_stmt* statement_ = nullptr;
  bool failed_ = false;
};

}  // namespace rookery::store
