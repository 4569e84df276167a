// tests/fuzz/store_check.cpp: the store's files, damaged after a kill.
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "master/ledger/store.h"
#include "tests/fuzz/checks.h"
#include "tests/fuzz/demand.h"
#include "tests/support/temporary_directory.h"

namespace rookery::fuzz {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kInDatabase = 40;  // messages moved to the database
constexpr std::uint64_t kInAGroup = 5;     // and then groups in the write-ahead log
constexpr std::uint64_t kGroups = 4;
constexpr std::uint64_t kAccounts = 3;
constexpr std::uint64_t kLastSeq = kInDatabase + kAccounts + kGroups * kInAGroup;

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// In place: the store knows its database by the inode.
void put(const fs::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string text_of(std::uint64_t seq) {
  return "message " + std::to_string(seq) + std::string(60, 'x');
}

chat::Record message(std::uint64_t seq, std::string_view text) {
  chat::Record record;
  record.header.kind = seq % 5 == 0 ? chat::RecordKind::Broadcast : chat::RecordKind::Say;
  record.header.seq = seq;
  record.header.time_ms = 1'700'000'000'000 + static_cast<std::int64_t>(seq);
  record.name = "alice";
  record.target_name = seq % 5 == 0 ? "" : "#a";
  record.text = text;
  return record;
}

bool store_messages(store::Store& store, std::uint64_t first, std::uint64_t count) {
  if (!store.begin()) return false;
  for (std::uint64_t seq = first; seq < first + count; ++seq)
    if (!store.add(message(seq, text_of(seq)))) return false;
  return store.commit();
}

bool fill(const fs::path& directory) {
  store::Store store(directory);
  if (!store_messages(store, 1, kInDatabase) || !store.begin()) return false;
  for (std::uint64_t i = 0; i < kAccounts; ++i) {
    const std::string name = "account" + std::to_string(i);
    chat::Record record = message(kInDatabase + 1 + i, "$argon2id$");
    record.header.kind = chat::RecordKind::Register;
    record.header.target = i + 1;
    record.name = name;
    record.target_name = {};
    if (!store.add(record)) return false;
  }
  if (!store.commit()) return false;
  store.checkpoint();
  for (std::uint64_t group = 0; group < kGroups; ++group)
    if (!store_messages(store, kInDatabase + kAccounts + 1 + group * kInAGroup, kInAGroup)) return false;
  ::_exit(0);  // a kill: the log stays
}

// Zeros follow the frames, in which there is nothing to damage.
std::size_t frames_end(std::string_view wal) {
  constexpr std::size_t kHeaderBytes = 32;
  constexpr std::size_t kFrameBytes = 24 + 4096;
  std::size_t end = kHeaderBytes;
  while (end + kFrameBytes <= wal.size() && wal.substr(end + 8, 8) == wal.substr(16, 8)) end += kFrameBytes;
  return end;
}

struct Files {
  test::TemporaryDirectory directory;
  fs::path database_file = directory.path() / "rookery.db";
  fs::path wal_file = directory.path() / "rookery.db-wal";
  std::string database;
  std::string wal;

  Files() {
    const pid_t child = ::fork();
    demand(child >= 0, "a process can be made");
    if (child == 0) ::_exit(fill(directory.path()) ? 0 : 1);
    int status = 0;
    demand(::waitpid(child, &status, 0) == child && status == 0, "the store can be made");
    database = contents(database_file);
    wal = contents(wal_file);
    wal.resize(frames_end(wal));
    demand(database.size() > 4096 && wal.size() > 4096, "both files have something in them");
  }

  void restore(std::string_view damaged_database, std::string_view damaged_wal) const {
    put(database_file, damaged_database);
    put(wal_file, damaged_wal);
    fs::remove(directory.path() / "rookery.db-shm");
  }
};

void demand_all_there(const Files& files, bool wal_cut, bool database_damaged) {
  store::Store store(files.directory.path());
  const std::uint64_t last = store.state().last_seq;
  const std::uint64_t least = wal_cut ? kInDatabase + kAccounts : kLastSeq - kInAGroup;  // a kill may tear the newest
  // A number changed in a page of the database is beyond any check but a checksum; there must be rows for it, though.
  if (!database_damaged) demand(last >= least && last <= kLastSeq, "nothing acknowledged is lost without a word");

  std::uint64_t accounts = 0;
  store.for_each_account([&](const store::StoredAccount&) { ++accounts; });
  demand(accounts == kAccounts, "no account is lost without a word");

  store::StoreReader reader(files.directory.path());
  store::HistoryQuery query;
  query.room = "#a";
  query.limit = store::kMaxHistoryWalk;
  const store::HistoryPage page = reader.history(query);
  std::uint64_t rows = 0;
  std::uint64_t before = 0;
  for (const auto& bytes : page.records) {
    const auto record = chat::decode_record(bytes);
    demand(record.has_value(), "a row is a record");
    demand(record->header.seq > before, "rows come in order");
    before = record->header.seq;
    ++rows;
    if (!database_damaged) demand(record->text == text_of(record->header.seq), "a row is as it was written");
  }
  if (!database_damaged) demand(rows == last - kAccounts, "no row is lost without a word");
  if (database_damaged) demand(rows >= least - kAccounts, "no row is lost without a word");
}

}  // namespace

// Which file is cut short and where (or not), then 5 bytes of place and length for each piece that is overwritten; an
// odd first byte of a piece means the write-ahead log.
void check_store(std::string_view bytes) {
  static const Files files;
  Input input(bytes);
  std::string database = files.database;
  std::string wal = files.wal;
  const std::uint8_t cut = input.byte() % 8;
  const std::uint32_t cut_at = input.number<std::uint32_t>();
  while (!input.empty()) {
    std::string& file = input.byte() % 2 == 0 ? database : wal;
    const std::size_t at = input.number<std::uint32_t>() % file.size();
    std::string_view piece = input.text(input.byte());
    piece = piece.substr(0, file.size() - at);
    file.replace(at, piece.size(), piece);
  }
  if (cut == 1) wal.resize(cut_at % wal.size());
  if (cut == 2) database.resize(cut_at % database.size());
  files.restore(database, wal);
  try {
    demand_all_there(files, cut == 1, database != files.database);
  } catch (const store::StoreError& refused) {
    demand(std::string_view(refused.what()).find("rookery.db") != std::string_view::npos, "a refusal names the file");
    demand(database != files.database || wal != files.wal, "whole files open");
  }
}

}  // namespace rookery::fuzz
