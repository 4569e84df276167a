// Files of the store that are cut, changed or not to be had: what was acknowledged is there, or the start is refused in
// one clear line that names the file. Never less, silently.
#include <gmock/gmock.h>
#include <sysexits.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fault/rows/ledger_load.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr std::uint64_t kWalHeaderBytes = 32;
constexpr std::uint64_t kFrameBytes = 24 + 4096;

// Where the frames with the salts of the WAL's header end.
std::uint64_t frames_end(const fs::path& wal) {
  std::ostringstream content;
  content << std::ifstream(wal, std::ios::binary).rdbuf();
  const std::string bytes = content.str();
  std::uint64_t end = kWalHeaderBytes;
  while (end + kFrameBytes <= bytes.size() && bytes.compare(end + 8, 8, bytes, 16, 8) == 0) end += kFrameBytes;
  return end;
}

// A data directory as kill -9 of everybody left it, and what had been acknowledged: "1", "2", ... one by one, so that
// each is a group of its own.
class LeftBehind {
 public:
  explicit LeftBehind(int messages) : messages_(messages) {
    ServerProcess server(data_, {"--workers", "1"});
    JsonClient client(server.port());
    for (int i = 1; i <= messages; ++i) {
      const Json reply = client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", std::to_string(i)}});
      if (reply["ok"] != true) throw std::runtime_error(reply.dump());
    }
    wal_bytes_ = frames_end(data_.path() / "rookery.db-wal");
    // A running ledger that hears of the master's death before its own reaches it stops cleanly and empties the WAL.
    server.signal_child(server.ledger_pid(), SIGSTOP);
    server.kill_master();
    server.expect_group_gone();
    EXPECT_EQ(frames_end(data_.path() / "rookery.db-wal"), wal_bytes_);
  }

  // All of it acknowledged. The file goes on with zeros.
  [[nodiscard]] std::uint64_t wal_bytes() const noexcept { return wal_bytes_; }
  [[nodiscard]] int messages() const noexcept { return messages_; }
  // A copy for a test to spoil.
  void copy_to(const TemporaryDirectory& to) const {
    for (const char* file : {"rookery.db", "rookery.db-wal", "published"})
      fs::copy_file(data_.path() / file, to.path() / file, fs::copy_options::overwrite_existing);
  }

 private:
  TemporaryDirectory data_;
  int messages_;
  std::uint64_t wal_bytes_ = 0;
};

FailedStart start_on(const TemporaryDirectory& data) {
  return run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--workers", "1"});
}

void expect_refused(const FailedStart& start, const std::string& file) {
  EXPECT_EQ(start.exit_code, EX_CONFIG);
  EXPECT_EQ(start.output, "") << "no READY";
  EXPECT_THAT(start.errors, HasSubstr(file));
  EXPECT_THAT(start.errors, testing::AnyOf(HasSubstr("restore"), HasSubstr("delete"), HasSubstr("must be")));
}

// How many of the messages are there: 1, 2, ... without a gap. And the server works.
int messages_kept(const ServerProcess& server) {
  int next = 0;
  for (const HistoryItem& item : whole_history(server.port(), "#lobby"))
    EXPECT_EQ(item.text, std::to_string(++next)) << "a gap";
  JsonClient client(server.port());
  EXPECT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "more"}})["ok"], true);
  EXPECT_EQ(whole_history(server.port(), "#lobby").back().text, "more");
  return next;
}

TEST(StoreFaults, Row38_TruncatedWalIsNoticed) {
  const LeftBehind left(12);
  const std::uint64_t end = left.wal_bytes();
  int refused = 0;
  for (const std::uint64_t cut : std::initializer_list<std::uint64_t>{
           1, 23, 24, 2000, kFrameBytes - 1, kFrameBytes, kFrameBytes + 1, 3 * kFrameBytes, 5 * kFrameBytes + 100,
           end - kWalHeaderBytes, end - 7, end}) {
    const TemporaryDirectory data;
    left.copy_to(data);
    fs::resize_file(data.path() / "rookery.db-wal", end - cut);
    const FailedStart start = start_on(data);
    expect_refused(start, (data.path() / "rookery.db").string());
    ++refused;
  }
  EXPECT_EQ(refused, 12) << "each cut has taken something acknowledged";
}

// Where nobody knows what was acknowledged (a power cut may have lost the mark too) all whole groups are there.
TEST(StoreFaults, Row38_TruncatedWalWithoutTheMark) {
  const LeftBehind left(12);
  const std::uint64_t end = left.wal_bytes();
  int most = 0;
  for (const std::uint64_t cut :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2000}, kFrameBytes, 3 * kFrameBytes + 5}) {
    const TemporaryDirectory data;
    left.copy_to(data);
    fs::remove(data.path() / "published");
    fs::resize_file(data.path() / "rookery.db-wal", end - cut);
    const ServerProcess server(data, {"--workers", "1"});
    const int kept = messages_kept(server);
    if (cut == 0) {
      EXPECT_EQ(kept, left.messages());
    } else {
      EXPECT_LT(kept, left.messages()) << cut;
      EXPECT_LE(kept, most) << cut;
    }
    if (cut % kFrameBytes != 0) {
      EXPECT_THAT(server.log(), HasSubstr("they are dropped")) << cut;
    }
    most = kept;
  }
  EXPECT_GT(most, 0);
}

TEST(StoreFaults, Row39_FlippedBitsInTheWal) {
  const LeftBehind left(12);
  for (std::uint64_t at = kWalHeaderBytes + kFrameBytes + 3; at + 4 * kFrameBytes < left.wal_bytes();
       at += 3 * kFrameBytes + 611) {
    const TemporaryDirectory data;
    left.copy_to(data);
    const fs::path wal = data.path() / "rookery.db-wal";
    std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 0x10));
    file.close();
    const FailedStart start = start_on(data);
    expect_refused(start, wal.string());
    const std::uint64_t frame = (at - kWalHeaderBytes) / kFrameBytes * kFrameBytes + kWalHeaderBytes;
    EXPECT_THAT(start.errors, HasSubstr("damaged at byte " + std::to_string(frame)));
  }
}

TEST(StoreFaults, Row41_DirectoryThatCannotBeUsed) {
  const TemporaryDirectory place;
  const auto start_with = [&](const fs::path& data) {
    return run_server_to_its_end({"--port", "0", "--data", data.string(), "--workers", "1"});
  };
  const fs::path plain_file = place.path() / "file";
  std::ofstream(plain_file) << "not a directory";
  const FailedStart on_file = start_with(plain_file);
  EXPECT_EQ(on_file.exit_code, EX_CONFIG);
  EXPECT_EQ(on_file.output, "");
  EXPECT_THAT(on_file.errors, HasSubstr(plain_file.string()));

  const fs::path occupied = place.path() / "occupied";
  fs::create_directories(occupied / "rookery.db");
  const FailedStart on_directory = start_with(occupied);
  EXPECT_EQ(on_directory.exit_code, EX_CONFIG);
  EXPECT_THAT(on_directory.errors, HasSubstr((occupied / "rookery.db").string()));
}

// The file system refuses every write: one line, the configuration's exit code, one ledger, no workers.
TEST(StoreFaults, Row41_ReadOnlyFileSystem) {
  const LeftBehind left(3);
  const TemporaryDirectory data;
  left.copy_to(data);
  const FaultSwitch faults("store.write:errno:EROFS:1+,store.database_write:errno:EROFS:1+");
  const FailedStart start =
      run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--workers", "2"}, {}, &faults);
  EXPECT_EQ(start.exit_code, EX_CONFIG);
  EXPECT_EQ(start.output, "");
  EXPECT_THAT(start.errors, HasSubstr((data.path() / "rookery.db").string()));
  EXPECT_EQ(faults.passed(fault::Point::LedgerAtStart), 1U) << "no respawn loop";
  EXPECT_EQ(faults.passed(fault::Point::WorkerAtStart), 0U);
}

}  // namespace
}  // namespace rookery::system_test
