#include "master/ledger/pending_messages.h"

#include <sqlite3.h>

#include <new>

namespace rookery::store {

namespace {

struct Table {
  sqlite3_vtab base;  // first: SQLite's view of it
  const PendingMessages* messages;
};

struct Cursor {
  sqlite3_vtab_cursor base;  // first: SQLite's view of it
  std::size_t row;
};

const PendingMessages& messages_of(sqlite3_vtab_cursor* cursor) noexcept {
  return *reinterpret_cast<Table*>(cursor->pVtab)->messages;
}
std::size_t& row_of(sqlite3_vtab_cursor* cursor) noexcept {
  return reinterpret_cast<Cursor*>(cursor)->row;
}

int connect(sqlite3* database, void* messages, int, const char* const*, sqlite3_vtab** table, char**) {
  const int result =
      sqlite3_declare_vtab(database,
                           "CREATE TABLE pending_messages(seq, time_ms, room_id, kind, flags, client, account, target,"
                           " slot, slot_epoch, outbox_number, name, target_name, text)");
  if (result != SQLITE_OK) return result;
  auto* const made = new (std::nothrow) Table{{}, static_cast<const PendingMessages*>(messages)};
  if (made == nullptr) return SQLITE_NOMEM;
  *table = &made->base;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete reinterpret_cast<Table*>(table);
  return SQLITE_OK;
}

// There is but one way to read it: from the first row to the last.
int best_index(sqlite3_vtab*, sqlite3_index_info*) {
  return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
  auto* const made = new (std::nothrow) Cursor{};
  if (made == nullptr) return SQLITE_NOMEM;
  *cursor = &made->base;
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete reinterpret_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int to_first(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  row_of(cursor) = 0;
  return SQLITE_OK;
}

int to_next(sqlite3_vtab_cursor* cursor) {
  ++row_of(cursor);
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* cursor) {
  return row_of(cursor) >= messages_of(cursor).rows().size() ? 1 : 0;
}

// Unsigned numbers are stored as the signed number of the same bits.
void give(sqlite3_context* out, std::uint64_t number) noexcept {
  sqlite3_result_int64(out, static_cast<sqlite3_int64>(number));
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* out, int number) {
  const PendingMessages& messages = messages_of(cursor);
  const PendingMessages::Row& row = messages.rows()[row_of(cursor)];
  const chat::RecordHeader& header = row.header;
  const bool direct = header.kind == chat::RecordKind::Direct;
  const auto give_text = [&](std::size_t begin, std::size_t bytes) {
    sqlite3_result_text(out, messages.texts().data() + begin, static_cast<int>(bytes), SQLITE_STATIC);
  };
  switch (number) {
    case 0:
      give(out, header.seq);
      break;
    case 1:
      sqlite3_result_int64(out, header.time_ms);
      break;
    case 2:
      if (row.room) sqlite3_result_int64(out, *row.room);  // NULL where nothing is given
      break;
    case 3:
      give(out, static_cast<std::uint8_t>(header.kind));
      break;
    case 4:
      give(out, header.flags);
      break;
    case 5:
      give(out, header.client);
      break;
    case 6:
      give(out, header.account);
      break;
    case 7:
      give(out, direct ? header.target : 0);
      break;
    case 8:
      give(out, header.slot);
      break;
    case 9:
      give(out, header.slot_epoch);
      break;
    case 10:
      give(out, header.outbox_number);
      break;
    case 11:
      give_text(row.begin, row.name_bytes);
      break;
    case 12:
      give_text(row.begin + row.name_bytes, row.target_name_bytes);
      break;
    default:
      give_text(row.begin + row.name_bytes + row.target_name_bytes, row.text_bytes);
  }
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = static_cast<sqlite3_int64>(row_of(cursor));
  return SQLITE_OK;
}

constexpr sqlite3_module make_module() {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = to_first;
  module.xNext = to_next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = row_id;
  return module;
}
constexpr sqlite3_module kModule = make_module();

}  // namespace

bool PendingMessages::show_to(sqlite3* database) {
  return sqlite3_create_module_v2(database, "pending_messages", &kModule, this, nullptr) == SQLITE_OK;
}

void PendingMessages::add(const chat::Record& record, std::optional<std::int64_t> room) {
  const bool direct = record.header.kind == chat::RecordKind::Direct;
  const std::string_view target_name = direct ? record.target_name : std::string_view();
  rows_.push_back({record.header, room, texts_.size(), record.name.size(), target_name.size(), record.text.size()});
  texts_.append(record.name).append(target_name).append(record.text);
}

void PendingMessages::clear() noexcept {
  rows_.clear();
  texts_.clear();
}

}  // namespace rookery::store
