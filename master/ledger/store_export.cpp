// master/ledger/store_export.cpp: store_admin.h's export_history().
#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "ipc/wire/json_string.h"
#include "ipc/wire/timestamp.h"
#include "master/ledger/connection.h"
#include "master/ledger/schema.h"
#include "master/ledger/statement.h"
#include "master/ledger/store_admin.h"

namespace rookery::store {

namespace {

// Read in pages, each in a transaction of its own, so that the write-ahead log can start over in between. Nothing is
// written inside of one: whoever reads our output may let us wait as long as they like.
constexpr std::int64_t kPageRows = 1024;
constexpr std::size_t kPageBytes = std::size_t{1024} * 1024;  // of lines

struct Epochs {
  std::vector<PastEpoch> past;  // oldest first
  std::string present;

  explicit Epochs(const Connection& connection) {
    Statement select(connection,
                     "SELECT key, value FROM meta WHERE key = 'epoch' OR key GLOB 'past_epoch_*' ORDER BY key");
    while (select.next()) {
      const std::string_view value = select.text(1);
      if (select.text(0) == "epoch") {
        present = value;
        continue;
      }
      const std::size_t blank = value.find(' ');
      if (blank == std::string_view::npos) continue;
      PastEpoch epoch{std::string(value.substr(0, blank)), 0};
      std::from_chars(value.data() + blank + 1, value.data() + value.size(), epoch.last_seq);
      past.push_back(std::move(epoch));
    }
    if (select.failed()) connection.fail("read its epochs");
  }

  [[nodiscard]] const std::string& of(std::uint64_t seq) const noexcept {
    for (const PastEpoch& epoch : past)
      if (seq <= epoch.last_seq) return epoch.epoch;
    return present;
  }
};

void append_field(std::string& line, std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(line), ",\"{}\":", name);
  wire::append_json_string(line, text);
}

void make_line(const Statement& row, const Epochs& epochs, std::string& line) {
  const std::uint64_t seq = row.bits(0);
  line = fmt::format("{{\"seq\":{},\"epoch\":\"{}\",\"time\":\"", seq, epochs.of(seq));
  wire::append_timestamp(line, row.number(1));
  line += '"';
  const bool direct = static_cast<chat::RecordKind>(row.number(2)) == chat::RecordKind::Direct;
  append_field(line, direct ? "to" : "room", row.text(direct ? 6 : 7));
  append_field(line, "from", row.text(5));
  fmt::format_to(std::back_inserter(line), ",\"client\":{},\"account\":{}", row.bits(3), row.bits(4));
  append_field(line, "text", row.text(8));
  line += '}';
}

}  // namespace

std::uint64_t export_history(const std::filesystem::path& file, std::string_view room,
                             const std::function<bool(std::string_view line)>& write, const GoOn& go_on) {
  const Connection connection(file, OpenMode::ReadOnly);
  check_identity(connection, true);
  const Epochs epochs(connection);
  std::int64_t room_id = -1;
  if (!room.empty()) {
    Statement find(connection, "SELECT id FROM rooms WHERE name=?");
    find.bind(1, room);
    if (!find.next()) {
      if (find.failed()) connection.fail("look for a room");
      throw StoreError(fmt::format("{}: nothing was ever said in {}", file.string(), room));
    }
    room_id = find.number(0);
  }
  Statement page(connection, room.empty()
                                 ? "SELECT m.seq, time_ms, kind, client, account, m.name, target_name, r.name, text"
                                   " FROM messages m LEFT JOIN rooms r ON r.id = m.room_id WHERE seq > ?1"
                                   " ORDER BY seq LIMIT ?2"
                                 : "SELECT m.seq, time_ms, kind, client, account, m.name, target_name, r.name, text"
                                   " FROM messages m JOIN rooms r ON r.id = m.room_id WHERE m.room_id = ?3 AND seq > ?1"
                                   " ORDER BY seq LIMIT ?2");
  std::int64_t at = 0;
  std::uint64_t written = 0;
  std::vector<std::string> lines;
  for (bool more = true; more;) {
    more = false;
    lines.clear();
    std::size_t bytes = 0;
    page.bind(1, at);
    page.bind(2, kPageRows);
    if (!room.empty()) page.bind(3, room_id);
    while (!more && page.next()) {
      at = page.number(0);
      make_line(page, epochs, lines.emplace_back());
      bytes += lines.back().size();
      more = lines.size() == static_cast<std::size_t>(kPageRows) || bytes >= kPageBytes;
    }
    const bool failed = page.failed();
    page.reset();
    if (failed) connection.fail("read its messages");
    for (const std::string& line : lines) {
      ++written;
      if (!write(line)) return written;
    }
    if (!go_on()) throw StoreError(fmt::format("{}: the export was given up", file.string()));
  }
  return written;
}

}  // namespace rookery::store
