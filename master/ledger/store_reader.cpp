#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "master/ledger/connection.h"
#include "master/ledger/schema.h"
#include "master/ledger/statement.h"
#include "master/ledger/store.h"

namespace rookery::store {

namespace {

// Two walks of one index, merged by SQLite as they go: neither is read further than the limit.
constexpr const char* kNewest =
    "SELECT seq FROM messages WHERE room_id=?1 AND seq>?3 AND seq<?4"
    " UNION ALL SELECT seq FROM messages WHERE room_id=?2 AND seq>?3 AND seq<?4 ORDER BY 1 DESC LIMIT ?5";
constexpr const char* kOldest =
    "SELECT seq FROM messages WHERE room_id=?1 AND seq>?3 AND seq<?4"
    " UNION ALL SELECT seq FROM messages WHERE room_id=?2 AND seq>?3 AND seq<?4 ORDER BY 1 ASC LIMIT ?5";

// A walk of the table itself. Columns are decoded when they are asked for, so a row that does not match costs little.
constexpr const char* kWalk =
    "SELECT seq, room_id, kind, flags, account, target, time_ms, client, slot, slot_epoch, outbox_number, name,"
    " target_name, text FROM messages WHERE seq>?1 AND seq<?2 ORDER BY seq LIMIT ?3";

constexpr std::int64_t kNoRoom = -1;  // an id that no room has

constexpr std::int64_t kMaxSeq = std::numeric_limits<std::int64_t>::max();

std::int64_t bounded(std::uint64_t seq) noexcept {
  return seq > static_cast<std::uint64_t>(kMaxSeq) ? kMaxSeq : static_cast<std::int64_t>(seq);
}

// Ends a statement's read however the scope is left: an open read would keep the WAL from ever starting over.
class Reading final {
 public:
  explicit Reading(Statement& statement) noexcept : statement_(statement) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { statement_.reset(); }

 private:
  Statement& statement_;
};

// What several statements read is of one moment. An error in here ends the transaction as well.
class Transaction final {
 public:
  Transaction(Statement& begin, Statement& end) noexcept : end_(end) { static_cast<void>(begin.run()); }
  ~Transaction() { static_cast<void>(end_.run()); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

 private:
  Statement& end_;
};

Connection connect(const std::filesystem::path& file) {
  Connection connection(file, OpenMode::ReadOnly);
  check_identity(connection);
  return connection;
}

// Of each room in the store the newest number that may be given.
struct WantedRoom {
  std::uint64_t until = 0;
  std::string name;
};
using WantedRooms = std::unordered_map<std::int64_t, WantedRoom>;  // by the store's id

// The row under the walk, if it is for whoever asks. Sets `room`, to a name that lives as long as `rooms`.
bool is_wanted(const Statement& row, const chat::MissedTopics& topics, const WantedRooms& rooms,
               std::string_view& room) {
  const auto seq = static_cast<std::uint64_t>(row.number(0));
  switch (static_cast<chat::RecordKind>(row.number(2))) {
    case chat::RecordKind::Broadcast:
      return seq <= topics.broadcasts_until;
    case chat::RecordKind::Direct:
      return topics.account != 0 && seq <= topics.account_until && row.bits(5) == topics.account &&
             (row.number(3) & chat::kTargetIsGuest) == 0;
    default: {
      const auto found = rooms.find(row.number(1));
      if (found == rooms.end() || seq > found->second.until) return false;
      room = found->second.name;
      return true;
    }
  }
}

// SQLite may read rows from a damaged page; their content is checked here.
void encode(const chat::Record& record, const Connection& connection, std::vector<std::byte>& out) {
  chat::encode_record(record, out);
  if (!chat::decode_record(out))
    throw StoreError(fmt::format("{}: is damaged (message {} is no valid record); {}", connection.file().string(),
                                 record.header.seq, repair_advice(connection.file())));
}

void encode_row(const Statement& row, std::string_view room, const Connection& connection,
                std::vector<std::byte>& out) {
  chat::Record record;
  chat::RecordHeader& header = record.header;
  header.seq = static_cast<std::uint64_t>(row.number(0));
  header.kind = static_cast<chat::RecordKind>(row.number(2));
  header.flags = static_cast<std::uint8_t>(row.number(3));
  header.account = row.bits(4);
  header.target = row.bits(5);
  header.time_ms = row.number(6);
  header.client = row.bits(7);
  header.slot = static_cast<std::uint32_t>(row.number(8));
  header.slot_epoch = row.bits(9);
  header.outbox_number = row.bits(10);
  record.name = row.text(11);
  record.target_name = header.kind == chat::RecordKind::Say ? room : row.text(12);
  record.text = row.text(13);
  encode(record, connection, out);
}

}  // namespace

struct StoreReader::Implementation {
  explicit Implementation(const std::filesystem::path& directory)
      : connection(connect(directory / kDatabaseName)),
        begin(connection, "BEGIN"),
        end(connection, "COMMIT"),
        find_room(connection, "SELECT id, name FROM rooms WHERE name=?"),
        newest(connection, kNewest),
        oldest(connection, kOldest),
        message(connection,
                "SELECT time_ms, kind, flags, client, account, target, slot, slot_epoch, outbox_number, name,"
                " target_name, text FROM messages WHERE seq=?"),
        table(connection, kWalk) {}

  // Empty when the store has no such room. The name comes back as it was first written.
  [[nodiscard]] std::int64_t room_id(const std::string& name, std::string& spelled) {
    const Reading reading(find_room);
    find_room.bind(1, std::string_view(name));
    if (find_room.next()) {
      spelled = find_room.text(1);
      return find_room.number(0);
    }
    if (find_room.failed()) connection.fail("look for a room");
    return kNoRoom;
  }

  // The numbers of all that match, up to the limit, in ascending order.
  [[nodiscard]] std::vector<std::int64_t> matching(const HistoryQuery& query, std::int64_t room) {
    std::vector<std::int64_t> seqs;
    const bool from_newest = query.order == chat::HistoryOrder::Newest;
    Statement& walk = from_newest ? newest : oldest;
    const Reading reading(walk);
    walk.bind(1, room == kBroadcastRoom ? kNoRoom : room);
    walk.bind(2, kBroadcastRoom);
    walk.bind(3, bounded(query.above));
    walk.bind(4, query.below == 0 ? kMaxSeq : bounded(query.below));
    walk.bind(5, std::int64_t{std::min(query.limit, kMaxHistoryWalk)});
    while (walk.next()) seqs.push_back(walk.number(0));
    if (walk.failed()) connection.fail("read a room's history");
    if (from_newest) std::reverse(seqs.begin(), seqs.end());
    return seqs;
  }

  void read_message(std::int64_t seq, const std::string& room, std::vector<std::byte>& out) {
    const Reading reading(message);
    message.bind(1, seq);
    if (!message.next()) {
      if (message.failed()) connection.fail("read a message");
      throw StoreError(connection.file().string() + ": is damaged (its index knows a message that is not there); " +
                       repair_advice(connection.file()));
    }
    chat::Record record;
    chat::RecordHeader& header = record.header;
    header.seq = static_cast<std::uint64_t>(seq);
    header.time_ms = message.number(0);
    header.kind = static_cast<chat::RecordKind>(message.number(1));
    header.flags = static_cast<std::uint8_t>(message.number(2));
    header.client = message.bits(3);
    header.account = message.bits(4);
    header.target = message.bits(5);
    header.slot = static_cast<std::uint32_t>(message.number(6));
    header.slot_epoch = message.bits(7);
    header.outbox_number = message.bits(8);
    record.name = message.text(9);
    record.target_name = header.kind == chat::RecordKind::Say ? std::string_view(room) : message.text(10);
    record.text = message.text(11);
    encode(record, connection, out);
  }

  Connection connection;
  Statement begin;
  Statement end;
  Statement find_room;
  Statement newest;
  Statement oldest;
  Statement message;
  Statement table;
};

StoreReader::StoreReader(const std::filesystem::path& directory)
    : implementation_(std::make_unique<Implementation>(directory)) {}
StoreReader::~StoreReader() = default;

HistoryPage StoreReader::history(const HistoryQuery& query) {
  Implementation& self = *implementation_;
  // What is found and then read must not be removed in between.
  const Transaction transaction(self.begin, self.end);
  HistoryPage page;
  std::string room_name;
  const std::int64_t room = self.room_id(query.room, room_name);
  page.room_known = room != kNoRoom;
  const std::vector<std::int64_t> seqs = self.matching(query, room);

  std::size_t page_bytes = 0;
  std::vector<std::byte> encoded;
  for (const std::int64_t seq : seqs) {
    if (query.page_messages != 0 && page.records.size() == query.page_messages) break;
    self.read_message(seq, room_name, encoded);
    if (query.page_bytes != 0 && !page.records.empty() && page_bytes + encoded.size() > query.page_bytes) break;
    page_bytes += encoded.size();
    page.records.push_back(encoded);
  }
  page.remaining = static_cast<std::uint32_t>(seqs.size() - page.records.size());
  return page;
}

MissedPage StoreReader::missed(const MissedQuery& query) {
  Implementation& self = *implementation_;
  WantedRooms rooms;
  for (const auto& [name, until] : query.topics.rooms) {
    std::string spelled;
    const std::int64_t id = self.room_id(std::string(name), spelled);
    if (id != kNoRoom) rooms[id] = {until, std::move(spelled)};
  }

  MissedPage page;
  page.looked_to = query.above;
  Statement& walk = self.table;
  const Reading reading(walk);
  walk.bind(1, bounded(query.above));
  walk.bind(2, query.below == 0 ? kMaxSeq : bounded(query.below));
  walk.bind(3, query.page_rows == 0 ? std::int64_t{-1} : std::int64_t{query.page_rows});
  std::uint64_t rows = 0;
  std::size_t page_bytes = 0;
  std::vector<std::byte> encoded;
  while (walk.next()) {
    ++rows;
    std::string_view room;
    if (is_wanted(walk, query.topics, rooms, room)) {
      if (!query.count_only) {
        if (query.page_messages != 0 && page.found == query.page_messages) return page;
        encode_row(walk, room, self.connection, encoded);
        if (query.page_bytes != 0 && page.found > 0 && page_bytes + encoded.size() > query.page_bytes) return page;
        page_bytes += encoded.size();
        page.records.push_back(encoded);
      }
      ++page.found;
    }
    page.looked_to = walk.bits(0);
  }
  if (walk.failed()) self.connection.fail("read what somebody missed");
  const bool ended_by_rows = query.page_rows != 0 && rows == query.page_rows;
  // Without a bound `below - 1` is the largest number there is.
  if (!ended_by_rows) page.looked_to = std::max(page.looked_to, query.below - 1);
  return page;
}

}  // namespace rookery::store
