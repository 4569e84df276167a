// The lock, the store or the data directory is removed or replaced under a running server: a second one is kept out,
// and nothing more is acknowledged that the next start would not find. The number is that of the fault matrix.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "ipc/os/file_descriptor.h"
#include "tests/system/harness/ctl.h"
#include "tests/system/harness/oracle.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

namespace fs = std::filesystem;
using Json = JsonClient::Json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Json post(JsonClient& client, const std::string& text) {
  return client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", text}});
}

TEST(Displaced, Row72_WithoutItsLockASecondServerIsRefusedAllTheSame) {
  const TemporaryDirectory data;
  const TemporaryDirectory elsewhere;
  const std::string backup = (elsewhere.path() / "kept.db").string();
  {
    ServerProcess server(data, {"--workers", "1"});
    server.expect_alerts();
    server.expect_exit_code(70);
    ASSERT_EQ(run_ctl(data, {"backup", backup}).exit_code, 0);
    ASSERT_TRUE(fs::remove(data.path() / "lock"));
    const FailedStart start = run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--workers", "1"});
    EXPECT_EQ(start.exit_code, 69);
    EXPECT_THAT(start.errors,
                AllOf(HasSubstr("in use by another rookery-master"), HasSubstr("pid " + std::to_string(server.pid()))));
    EXPECT_FALSE(fs::exists(data.path() / "lock")) << "the second one has left nothing";
    const CtlRun restore = run_ctl(data, {"restore", backup});
    EXPECT_EQ(restore.exit_code, 69);
    EXPECT_THAT(restore.errors, HasSubstr("stop it first"));
    server.stop();
  }
  EXPECT_EQ(run_ctl(data, {"restore", backup}).exit_code, 0);
  const ServerProcess server(data, {"--workers", "1"});
}

// A file system that locks no directories, or a server of an older version: there is still the control socket.
TEST(Displaced, Row72_NothingIsRestoredWhereSomebodyListensAtTheControlSocket) {
  const TemporaryDirectory data;
  const std::string backup = (data.path() / "kept.db").string();
  { const ServerProcess server(data, {"--workers", "1"}); }
  ASSERT_EQ(run_ctl(data, {"backup", backup}).exit_code, 0);
  const os::FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (data.path() / "control.sock").string();
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(run_ctl(data, {"restore", backup}).exit_code, 69);
}

struct Displacement {
  const char* name;
  std::function<void(const fs::path& data)> displace;
  const char* told;  // in the ALERT
};

void PrintTo(const Displacement& displacement, std::ostream* out) {
  *out << displacement.name;
}

void replace(const fs::path& file) {
  fs::copy_file(file, file.string() + ".copy");
  fs::rename(file.string() + ".copy", file);
}

class DisplacedFile : public testing::TestWithParam<Displacement> {};

TEST_P(DisplacedFile, IsToldAndNothingMoreIsAcknowledged) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  JsonClient speaker(server.port());
  ASSERT_EQ(post(speaker, "before")["ok"], true);
  server.expect_alerts();
  server.expect_exit_code(70);
  GetParam().displace(data.path());
  // Of what comes now nothing is acknowledged, not even before the server has looked at its files again.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post(speaker, "after")["error"], "not-durable");
  eventually("it is told", [&] { return server.log().find("ALERT") != std::string::npos; });
  EXPECT_THAT(server.log(), HasSubstr((data.path() / GetParam().told).string()));
  EXPECT_THAT(server.console("status"),
              HasSubstr("OK posting does not work: the lock, the store or the data directory"));
  EXPECT_THAT(server.console("workers"), HasSubstr("was removed or replaced"));
  EXPECT_EQ(speaker.ask("ping")["ok"], true) << "the rest goes on";
  server.stop();
}

INSTANTIATE_TEST_SUITE_P(
    Row72, DisplacedFile,
    testing::Values(
        Displacement{"LockRemoved", [](const fs::path& data) { fs::remove(data / "lock"); }, "lock was removed"},
        Displacement{"LockReplaced", [](const fs::path& data) { replace(data / "lock"); }, "lock was replaced"},
        Displacement{"StoreRemoved", [](const fs::path& data) { fs::remove(data / "rookery.db"); },
                     "rookery.db was removed"},
        Displacement{"StoreReplaced", [](const fs::path& data) { replace(data / "rookery.db"); },
                     "rookery.db was replaced"},
        Displacement{"WalRemoved", [](const fs::path& data) { fs::remove(data / "rookery.db-wal"); },
                     "rookery.db-wal was removed"},
        Displacement{"WalReplaced", [](const fs::path& data) { replace(data / "rookery.db-wal"); },
                     "rookery.db-wal was replaced"}),
    [](const auto& test) { return test.param.name; });

TEST(Displaced, Row72_AnIdleServerNoticesItToo) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  server.expect_alerts();
  server.expect_exit_code(70);
  fs::remove(data.path() / "lock");
  eventually("status says so", [&] {
    return server.console("status").find("the lock, the store or the data directory was removed") != std::string::npos;
  });
  JsonClient speaker(server.port());
  EXPECT_EQ(speaker.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  const Json refused = post(speaker, "too late");
  EXPECT_EQ(refused["error"], "not-durable");
  EXPECT_THAT(refused["message"].get<std::string>(), HasSubstr("nothing was sent"));
  server.stop();
}

TEST(Displaced, Row72_ADirectoryThatWasMovedAndIsBackServesOn) {
  const TemporaryDirectory data;
  const fs::path path = data.path();
  const fs::path aside = path.string() + ".aside";
  ServerProcess server(data, {"--workers", "1"});
  JsonClient speaker(server.port());
  ASSERT_EQ(post(speaker, "before")["ok"], true);
  server.expect_alerts();
  fs::rename(path, aside);
  EXPECT_EQ(post(speaker, "in doubt")["error"], "not-durable");
  eventually("it is told", [&] {
    return server.log().find(path.string()) != std::string::npos &&
           server.log().find("was removed or moved") != std::string::npos;
  });
  fs::create_directory(path);
  EXPECT_EQ(post(speaker, "refused")["error"], "not-durable") << "another directory is not ours";
  fs::remove(path);
  fs::rename(aside, path);
  eventually("messages are taken again", [&] { return post(speaker, "after")["ok"] == true; });
  const auto history = whole_history(server.port(), "#lobby");
  ASSERT_FALSE(history.empty());
  EXPECT_EQ(history.front().text, "before");
  EXPECT_EQ(history.back().text, "after");
  EXPECT_EQ(std::ranges::count(history, "in doubt", &HistoryItem::text), 1) << "it was stored, and once";
  EXPECT_EQ(std::ranges::count(history, "refused", &HistoryItem::text), 0);
  EXPECT_THAT(server.log(), HasSubstr("messages can be stored again"));
}

TEST(Displaced, Row72_ANewLedgerDoesNotTakeAnotherStoreForItsOwn) {
  const TemporaryDirectory data;
  const TemporaryDirectory other;
  { const ServerProcess server(other, {"--workers", "1"}); }
  ServerProcess server(data, {"--workers", "1"});
  JsonClient speaker(server.port());
  ASSERT_EQ(post(speaker, "before")["ok"], true);
  server.expect_alerts();
  server.expect_exit_code(70);
  const pid_t ledger = server.ledger_pid();
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(data.path() / (std::string("rookery.db") + suffix));
  fs::copy_file(other.path() / "rookery.db", data.path() / "rookery.db");
  server.kill_child(ledger);
  eventually("its successor refuses it", [&] { return server.log().find("is of epoch") != std::string::npos; });
  eventually("it is told", [&] { return server.console("status").find("posting does not work") != std::string::npos; });
  EXPECT_THAT(server.console("status"), HasSubstr("OK posting does not work"));
  server.stop();
}

}  // namespace
}  // namespace rookery::system_test
