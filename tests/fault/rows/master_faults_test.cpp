// kill -9 of the master: at any moment of its life no child outlives it, and the next start has all that was
// acknowledged. And signals that mean nothing to it.
#include <gmock/gmock.h>
#include <signal.h>

#include <memory>
#include <optional>
#include <random>

#include "tests/support/driven_programs.h"
#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

TEST(MasterFaults, Row10_KilledWhileItServes) {
  const TemporaryDirectory data;
  const int kLives = kSanitized ? 2 : 4;
  std::vector<std::unique_ptr<Load>> loads;
  for (int life = 0; life < kLives; ++life) {
    ServerProcess server(data, {"--workers", "2"});
    if (life == 0) make_account(server, "alice");
    TextClient alice(server.port());
    alice.log_in("alice", kPassword);
    loads.push_back(std::make_unique<Load>(server.port(), 4, "#life" + std::to_string(life)));
    loads.back()->wait_for_progress(20);
    server.kill_master();
    server.expect_group_gone();
    loads.back()->finish();
  }
  const ServerProcess server(data, {"--workers", "2"});
  for (int life = 0; life < kLives; ++life)
    check_promises(*loads[static_cast<std::size_t>(life)],
                   whole_history(server.port(), "#life" + std::to_string(life)));
}

TEST(MasterFaults, Row11_KilledAtEachStepOfItsStart) {
  const TemporaryDirectory used;
  {
    const ServerProcess server(used, {"--workers", "2"});
    make_account(server, "alice");
  }
  // After the ledger's fork in two ways: it lives on for a moment, or is about to make its database.
  for (const char* rule :
       {"master.after_bind:kill9", "master.after_fork:kill9:1", "master.after_fork:sleep:5,master.after_fork:kill9:1",
        "master.after_fork:kill9:2", "master.after_fork:kill9:3", "master.before_ready:kill9"}) {
    SCOPED_TRACE(rule);
    const TemporaryDirectory fresh;
    for (const TemporaryDirectory* data : {&fresh, &used}) {
      const FaultSwitch faults(rule);
      const TemporaryDirectory files;
      ChildProgram program(
          {{test::program("rookery-master-faulty"), "--port", "0", "--workers", "2", "--data", data->path().string()},
           files.path(),
           std::nullopt,
           {"ROOKERY_FAULT=" + faults.setting()}});
      EXPECT_EQ(program.wait(), 128 + SIGKILL);
      EXPECT_THAT(program.output(), testing::Not(testing::HasSubstr("READY")));
      eventually("no child is left", [&] {
        reap_adopted(program.pid());
        return processes_in_group(program.pid()).empty();
      });
      ServerProcess next(*data, {"--workers", "2"});
      TextClient client(next.port());
      EXPECT_TRUE(client.ask("/say #lobby serving").starts_with("OK "));
      if (data == &used) client.log_in("alice", kPassword);
      client.close();
      next.stop();
      EXPECT_EQ(check_store(data->path()), "");
    }
  }
}

// With clients' sockets in its hands: they go with it, nobody keeps a connection that nobody serves.
TEST(MasterFaults, Row10_KilledWhileItHandsClientsOver) {
  for (const char* rule : {"master.after_hold:kill9", "master.after_hand:kill9:2"}) {
    SCOPED_TRACE(rule);
    const TemporaryDirectory data;
    FaultSwitch faults;
    std::unique_ptr<Load> load;
    {
      ServerProcess server(data, faults, {"--workers", "2"});
      load = std::make_unique<Load>(server.port(), 12);
      load->wait_for_progress(5);
      server.expect_master_killed();
      faults.set(rule);
      std::optional<TextClient> late;
      try {
        late.emplace(server.port());
        late->sync();
        static_cast<void>(server.console("drain 0"));
      } catch (const std::exception&) {  // the server went
      }
      server.expect_group_gone();
      EXPECT_EQ(faults.fired(), 1u);
      if (late) {
        EXPECT_THROW(for (;;) static_cast<void>(late->read_line()), Closed);
      }
      load->finish();
    }
    const ServerProcess again(data, {"--workers", "2"});
    check_promises(*load, whole_history(again.port(), "#lobby"));
  }
}

TEST(MasterFaults, Row12_KilledAtEachStepOfTheStop) {
  for (int step = 1; step <= 3; ++step) {
    SCOPED_TRACE(step);
    const TemporaryDirectory data;
    const FaultSwitch faults("master.in_shutdown:kill9:" + std::to_string(step));
    std::unique_ptr<Load> load;
    {
      ServerProcess server(data, faults, {"--workers", "2"});
      load = std::make_unique<Load>(server.port(), 4);
      load->wait_for_progress(20);
      server.expect_master_killed();
      server.program().signal(SIGTERM);
      server.expect_group_gone();
      EXPECT_EQ(faults.fired(), 1u);
      load->finish();
    }
    const ServerProcess again(data, {"--workers", "2"});
    check_promises(*load, whole_history(again.port(), "#lobby"));
  }
}

TEST(MasterFaults, Row13_ASecondServerOnTheSameData) {
  const TemporaryDirectory data;
  const ServerProcess first(data, {"--workers", "1"});
  TextClient client(first.port());
  const FailedStart second = run_server_to_its_end({"--port", "0", "--data", data.path().string()});
  EXPECT_EQ(second.exit_code, 69);
  EXPECT_THAT(second.errors, testing::HasSubstr(data.path().string()));
  EXPECT_TRUE(client.ask("/say #lobby unaffected").starts_with("OK "));
  EXPECT_EQ(first.console("count"), "OK 1 clients\n") << "its control socket is still its own";
}

// Some ask for a reload, in which nothing has changed, or for the log, which is standard error.
TEST(MasterFaults, Row28_TenThousandSignalsThatChangeNothing) {
  constexpr int kSignals = 10'000;
  constexpr std::array kMeaningless{SIGHUP, SIGUSR1, SIGWINCH, SIGCHLD, SIGPIPE};
  ServerProcess server({"--workers", "2"});
  const auto pids = [&] {
    std::vector<pid_t> result;
    for (const ProcessRow& row : server.processes()) result.push_back(row.pid);
    return result;
  };
  const auto before = pids();
  const std::size_t descriptors = descriptor_count(server.pid());
  constexpr std::size_t kClients = 4;  // it holds a duplicate of each one's socket
  Load load(server.port(), kClients);
  load.wait_for_progress(5);
  std::mt19937 random(28);
  for (int i = 0; i < kSignals; ++i)
    server.program().signal(
        kMeaningless.at(std::uniform_int_distribution<std::size_t>(0, kMeaningless.size() - 1)(random)));
  load.wait_for_progress(5);
  EXPECT_EQ(pids(), before);
  eventually("it has as many descriptors as before",
             [&] { return descriptor_count(server.pid()) == descriptors + kClients; });
  load.finish();
  for (const auto& poster : load.posters()) EXPECT_FALSE(poster->was_closed());
  check_promises(load, whole_history(server.port(), "#lobby"));
}

}  // namespace
}  // namespace rookery::system_test
