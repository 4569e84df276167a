// Reloads that go wrong, and many of them: a broken configuration changes nothing, a hundred good ones drop nobody and
// leave nothing behind, and a master that is killed in the middle of one leaves no orphan. The numbers are those of the
// fault matrix.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/driven_programs.h"
#include "tests/system/harness/configuration.h"
#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

int run_ctl(const std::filesystem::path& data, const std::string& command, std::string& said) {
  const TemporaryDirectory files;
  ChildProgram ctl({{test::program("rookery-ctl"), "--data", data.string(), command}, files.path(), std::nullopt, {}});
  const int code = ctl.wait().value_or(-1);
  said = ctl.output() + ctl.errors();
  return code;
}

TEST(ReloadFaults, Row29_ABrokenConfigurationChangesNothing) {
  const TemporaryDirectory data;
  const Configuration file("max-rooms = 1\n");
  ServerProcess server(data, {"--workers", "2", "--config", file.path()});
  TextClient client(server.port());
  EXPECT_THAT(client.ask("/join #a"), HasSubstr("OK "));

  // The first line alone would be good: nothing of it is applied.
  file.write("max-rooms = 5\nlog-level = loud\n");
  std::string said;
  EXPECT_EQ(run_ctl(data.path(), "reload", said), 1);
  const std::string why =
      file.path() + ":2: log-level: 'loud' is none of trace, debug, info, warning, error, critical, off";
  EXPECT_EQ(said, "ERR bad-config " + why + "\n");
  EXPECT_THAT(server.log(), HasSubstr("error: not reloaded, all stays as it is: " + why));
  EXPECT_THAT(client.ask("/join #b"), HasSubstr("ERR "));

  server.program().signal(SIGHUP);
  eventually("the signal's is refused as well", [&] {
    const std::string log = server.log();
    const auto first = log.find(why);
    return first != std::string::npos && log.find(why, first + 1) != std::string::npos;
  });
  for (const char* broken : {"max-roms = 2\n", "max-rooms\n", "max-rooms = 2\nmax-rooms = 3\n", "max-rooms = 'x\n"}) {
    file.write(broken);
    EXPECT_THAT(server.console("reload"), testing::StartsWith("ERR bad-config " + file.path() + ":")) << broken;
  }
  std::filesystem::remove(file.path());
  EXPECT_THAT(server.console("reload"), HasSubstr("ERR bad-config cannot read "));
  EXPECT_THAT(client.ask("/join #b"), HasSubstr("ERR "));

  file.write("max-rooms = 2\n");
  EXPECT_EQ(run_ctl(data.path(), "reload", said), 0);
  EXPECT_THAT(client.ask("/join #b"), HasSubstr("OK "));
}

TEST(ReloadFaults, Row30_AHundredReloadsUnderLoadDropNobody) {
  const Configuration file("max-rooms = 10\n");
  const auto log = file.directory() / "log";
  ServerProcess server({"--workers", "2", "--loops", "2", "--config", file.path(), "--log-file", log.string()});
  constexpr std::size_t kClients = 6;
  Load load(server.port(), kClients);
  load.wait_for_progress(5);
  const auto before = server.processes();
  const auto write = [&](int round) {
    file.write("max-rooms = " + std::to_string(10 + round % 7) + "\nmax-line-rate = " + std::to_string(5000 + round) +
               "\nlog-level = " + (round % 2 == 0 ? "info" : "debug") +
               "\nlog-format = " + (round % 3 == 0 ? "text" : "json") + "\n");
  };
  const auto reload = [&](int round) {
    write(round);
    EXPECT_THAT(server.console("reload"), HasSubstr("OK reloaded, ")) << round;
    if (round % 5 == 0) {
      std::filesystem::rename(log, file.directory() / "old");
      EXPECT_THAT(server.console("log-reopen"), testing::StartsWith("OK ")) << round;
    }
  };
  for (int round = 1; round <= 10; ++round) reload(round);
  std::map<pid_t, std::pair<std::size_t, std::uint64_t>> descriptors_and_memory;
  std::vector<pid_t> all{server.pid()};
  for (const ProcessRow& row : before) all.push_back(row.pid);
  for (const pid_t pid : all) descriptors_and_memory[pid] = {descriptor_count(pid), memory_bytes(pid)};

  const int kReloads = kSanitized ? 30 : 100;
  for (int round = 11; round <= kReloads; ++round) reload(round);
  for (int i = 0; i < 50; ++i) server.program().signal(i % 2 == 0 ? SIGHUP : SIGUSR1);  // as fast as can be
  EXPECT_THAT(server.console("reload"), HasSubstr("OK reloaded, "));
  load.wait_for_progress(5);

  const auto after = server.processes();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].pid, before[i].pid);
  for (const pid_t pid : all) {
    EXPECT_EQ(descriptor_count(pid), descriptors_and_memory[pid].first) << pid;
    if (!kSanitized) {
      EXPECT_LE(memory_bytes(pid), descriptors_and_memory[pid].second + (std::uint64_t{4} << 20)) << pid;
    }
  }
  load.finish();
  for (const auto& poster : load.posters()) EXPECT_FALSE(poster->was_closed());
  check_promises(load, whole_history(server.port(), "#lobby"));
}

// Asked, read, told the ledger, told the first worker, told them all.
TEST(ReloadFaults, Row12_KilledAtEachStepOfAReload) {
  for (int step = 1; step <= 5; ++step) {
    SCOPED_TRACE(step);
    const TemporaryDirectory data;
    const Configuration file("max-rooms = 1\n");
    FaultSwitch faults("master.in_reload:kill9:" + std::to_string(step));
    std::unique_ptr<Load> load;
    {
      ServerProcess server(data, faults, {"--workers", "2", "--config", file.path()});
      load = std::make_unique<Load>(server.port(), 4);
      load->wait_for_progress(20);
      file.write("max-rooms = 2\n");
      server.expect_master_killed();
      server.program().signal(SIGHUP);
      server.expect_group_gone();
      EXPECT_EQ(faults.fired(), 1u);
      load->finish();
    }
    const ServerProcess again(data, {"--workers", "2", "--config", file.path()});
    check_promises(*load, whole_history(again.port(), "#lobby"));
  }
}

}  // namespace
}  // namespace rookery::system_test
