// What the server has: over the wire, and in its store once it is down.
#include <sqlite3.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/system/harness/oracle.h"
#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kPageMessages = 1000;

// What was published before something that is acknowledged is on disk.
std::uint64_t epoch_of(const Json& line) {
  return std::stoull(line.at("epoch").get<std::string>(), nullptr, 16);
}

// The epoch as it is now.
std::uint64_t wait_until_stored(JsonClient& client) {
  const Json joined = client.ask({{"op", "join"}, {"room", "#settled"}});
  const Json said = client.ask({{"op", "say"}, {"room", "#settled"}, {"text", "is everything stored?"}});
  if (joined["ok"] != true || said["ok"] != true) throw std::runtime_error("cannot speak: " + said.dump());
  return epoch_of(said);
}

std::vector<HistoryItem> all_pages(JsonClient& reader, const std::string& room) {
  std::vector<HistoryItem> result;
  for (;;) {
    const std::uint64_t after = result.empty() ? 0 : result.back().seq;
    const Json page = reader.ask({{"op", "history"}, {"room", room}, {"limit", kPageMessages}, {"after", after}});
    if (page["ok"] != true) throw std::runtime_error("history: " + page.dump());
    for (const Json& message : page["messages"])
      result.push_back({message["seq"].get<std::uint64_t>(), message["text"], message["room"], epoch_of(message)});
    if (page["messages"].size() < kPageMessages) return result;
    reader.forget_lines();
  }
}

class Database final {
 public:
  explicit Database(const std::filesystem::path& directory) {
    const std::string file = (directory / "rookery.db").string();
    if (sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) return;
    sqlite3_close(handle_);
    throw std::runtime_error("cannot open " + file);
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Each row's columns as text.
  [[nodiscard]] std::vector<std::vector<std::string>> rows(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(handle_));
    std::vector<std::vector<std::string>> result;
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
      auto& row = result.emplace_back();
      for (int column = 0; column < sqlite3_column_count(statement); ++column) {
        const unsigned char* const text = sqlite3_column_text(statement, column);
        row.emplace_back(text == nullptr ? "" : reinterpret_cast<const char*>(text));
      }
    }
    const std::string error = step == SQLITE_DONE ? "" : sqlite3_errmsg(handle_);
    sqlite3_finalize(statement);
    if (!error.empty()) throw std::runtime_error(error);
    return result;
  }

 private:
  sqlite3* handle_ = nullptr;
};

}  // namespace

std::vector<HistoryItem> stored_history(std::uint16_t port, const std::string& room) {
  JsonClient reader(port);
  return all_pages(reader, room);
}

std::vector<HistoryItem> whole_history(std::uint16_t port, const std::string& room) {
  JsonClient reader(port);
  const std::uint64_t epoch = wait_until_stored(reader);
  auto result = all_pages(reader, room);
  for (HistoryItem& item : result) item.epoch = epoch;
  return result;
}

std::vector<HistoryItem> whole_history(std::uint16_t port, const std::vector<std::string>& rooms) {
  std::vector<HistoryItem> all;
  for (const std::string& room : rooms) {
    auto history = whole_history(port, room);
    if (!all.empty()) std::erase_if(history, [](const HistoryItem& item) { return item.place == "*"; });
    all.insert(all.end(), history.begin(), history.end());
  }
  std::ranges::sort(all, {}, &HistoryItem::seq);
  return all;
}

std::vector<HistoryItem> stored_messages(const std::filesystem::path& data_directory) {
  const Database database(data_directory);
  const std::uint64_t epoch =
      std::stoull(database.rows("SELECT value FROM meta WHERE key = 'epoch'").at(0).at(0), nullptr, 16);
  std::vector<HistoryItem> result;
  for (const auto& row : database.rows("SELECT seq, text, CASE kind WHEN 2 THEN '*' WHEN 3 THEN '@' || target_name "
                                       "ELSE rooms.name END FROM messages LEFT JOIN rooms ON rooms.id = room_id "
                                       "ORDER BY seq"))
    result.push_back({std::stoull(row[0]), row[1], row[2], epoch});
  return result;
}

std::string check_store(const std::filesystem::path& data_directory) {
  std::string result;
  for (const auto& row : Database(data_directory).rows("PRAGMA integrity_check"))
    if (row[0] != "ok") result += row[0] + "\n";
  return result;
}

}  // namespace rookery::system_test
