// master/ledger/pending_messages.h
//
// The messages of the open group, copied, as a table that SQLite can read: one INSERT ... SELECT stores them all, and
// takes a third less time than one statement for each of them.
//     PendingMessages pending;                    // before the connection: it must live longer
//     pending.show_to(connection.get());          // as table `pending_messages`, for this connection alone
//     pending.add(record, room_id); ...           // in order of seq
//     insert.run();                               // INSERT INTO messages(...) SELECT * FROM pending_messages
//     pending.clear();
// Not to be changed while a statement reads it. The columns are those of `messages` in schema.cpp, in that order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/chat/record.h"

struct sqlite3;

namespace rookery::store {

class PendingMessages final {
 public:
  struct Row {
    chat::RecordHeader header;
    std::optional<std::int64_t> room;  // none: a direct message
    std::size_t begin = 0;             // of the name in texts(); target name and text follow
    std::size_t name_bytes = 0;
    std::size_t target_name_bytes = 0;
    std::size_t text_bytes = 0;
  };

  // False: the connection knows why. Eponymous: the table is there without a CREATE, and in no file.
  [[nodiscard]] bool show_to(sqlite3* database);

  void add(const chat::Record& record, std::optional<std::int64_t> room);
  void clear() noexcept;

  // So many that a statement for itself costs nothing more of each: store them, that they do not pile up.
  [[nodiscard]] bool full() const noexcept { return rows_.size() >= kRows || texts_.size() >= kTextBytes; }

  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }
  [[nodiscard]] std::string_view texts() const noexcept { return texts_; }

 private:
  static constexpr std::size_t kRows = 1024;
  static constexpr std::size_t kTextBytes = 1024 * 1024;

  std::vector<Row> rows_;
  std::string texts_;
};

}  // namespace rookery::store
