// `upgrade`: the installed program takes over in the same process and nobody is dropped; one that does not come up
// changes nothing. Streams that are known to the byte, while this happens again and again: tests/fault/takeover/.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Where a server is installed: what is put there is what it is upgraded to.
class Installation {
 public:
  explicit Installation(const fs::path& program = test::program("rookery-master")) { install(program); }

  // As package managers do it: a new file in the place of the old one, which still runs.
  void install(const fs::path& program) {
    const fs::path fresh = directory_.path() / "fresh";
    fs::copy_file(program, fresh);
    fs::rename(fresh, path());
  }
  void install_script(const std::string& text) {
    const fs::path fresh = directory_.path() / "fresh";
    std::ofstream(fresh) << "#!/bin/sh\n" << text << '\n';
    fs::permissions(fresh, fs::perms::owner_all);
    fs::rename(fresh, path());
  }
  [[nodiscard]] fs::path path() const { return directory_.path() / "rookery-master"; }

 private:
  TemporaryDirectory directory_;
};

std::vector<pid_t> pids_of(const ServerProcess& server) {
  std::vector<pid_t> pids;
  for (const ProcessRow& row : server.processes()) pids.push_back(row.pid);
  return pids;
}

void expect_upgraded(const ServerProcess& server) {
  EXPECT_THAT(server.console("upgrade"), testing::MatchesRegex("OK upgraded to [0-9.]+ in [0-9]+ ms\n"));
}

TEST(Upgrade, AnotherProgramTakesOverAndNobodyIsDropped) {
  Installation installed;
  ServerProcess server(ServerProgram{installed.path()}, {"--workers", "2"});
  TextClient alice(server.port());
  make_account(server, "alice");
  const std::uint64_t id = alice.log_in("alice", kPassword);
  ASSERT_THAT(alice.ask("/join #den"), StartsWith("OK"));
  alice.send("Hel");
  JsonClient guest(server.port());
  ASSERT_EQ(guest.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  const auto before = pids_of(server);

  installed.install(test::program("rookery-master"));
  expect_upgraded(server);

  EXPECT_TRUE(fs::equivalent("/proc/" + std::to_string(server.pid()) + "/exe", installed.path()))
      << "the installed file runs";
  for (const pid_t pid : pids_of(server)) EXPECT_THAT(before, Not(testing::Contains(pid))) << "all are new processes";
  for (const ProcessRow& row : server.processes()) EXPECT_EQ(row.restarts, 0u) << "nobody has crashed";
  EXPECT_EQ(alice.ask("lo"), "Echo: Hello") << "a line that was begun before";
  EXPECT_THAT(server.console("list"), AllOf(HasSubstr("alice"), HasSubstr(std::to_string(id) + " ")));
  EXPECT_THAT(alice.ask("/say #den still here"), StartsWith("OK"));
  EXPECT_EQ(guest.expect_event([](const auto& e) { return e["event"] == "message"; })["text"], "still here");
  TextClient bob(server.port());
  EXPECT_EQ(bob.ask("hello"), "Echo: hello");
}

TEST(Upgrade, Row64_AsOftenAsOneLikesAndNothingIsLeftOver) {
  ServerProcess server({"--workers", "2"});
  JsonClient client(server.port());
  ASSERT_EQ(client.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  expect_upgraded(server);  // the first has made all that the others find
  const std::size_t descriptors = descriptor_count(server.pid());
  const std::uint64_t memory = memory_bytes(server.pid());
  const int rounds = kSanitized ? 3 : 8;
  std::uint64_t last_seq = 0;
  for (int round = 0; round < rounds; ++round) {
    expect_upgraded(server);
    const auto said = client.ask({{"op", "say"}, {"room", "#den"}, {"text", "x"}});
    ASSERT_EQ(said["ok"], true) << said;
    EXPECT_GT(said["seq"].get<std::uint64_t>(), std::exchange(last_seq, said["seq"].get<std::uint64_t>()));
  }
  eventually("no descriptor is left over", [&] { return descriptor_count(server.pid()) == descriptors; });
  if (kSanitized) return;
  EXPECT_LE(memory_bytes(server.pid()), memory + (1u << 20));
}

TEST(Upgrade, BySignal) {
  ServerProcess server({"--workers", "1"});
  TextClient client(server.port());
  client.sync();
  const auto before = pids_of(server);
  server.program().signal(SIGUSR2);
  eventually("it is done", [&] { return server.log().find("upgraded from") != std::string::npos; });
  EXPECT_NE(pids_of(server), before);
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

TEST(Upgrade, ManySignalsAreNoMoreUpgradesThanThereIsTimeFor) {
  ServerProcess server({"--workers", "2"});
  TextClient client(server.port());
  for (int i = 0; i < 300; ++i) {
    server.program().signal(SIGUSR2);
    if (i % 10 == 0) {
      EXPECT_EQ(client.ask("hello"), "Echo: hello");
    }
  }
  eventually("the last is done", [&] { return server.console("upgrade").starts_with("OK upgraded"); });
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

TEST(Upgrade, OverStandardInputAndWhatWasTypedBehindIt) {
  ServerProcess server({"--workers", "1"});
  server.program().write_input("upgrade\ncount\nno-su");
  eventually("both are answered", [&] { return server.program().output().find("OK 0 clients") != std::string::npos; });
  EXPECT_THAT(server.program().output(), AllOf(HasSubstr("OK upgraded to "), Not(HasSubstr("ERR"))));
  server.program().write_input("ch-thing\n");
  eventually("half a line is kept",
             [&] { return server.program().output().find("no-such-thing") != std::string::npos; });
  EXPECT_EQ(server.program().output().find("READY", 1), std::string::npos) << "READY is said once";
}

TEST(Upgrade, Row31_ConnectionsThatComeMeanwhileAreServed) {
  ServerProcess server({"--workers", "2"});
  std::atomic<bool> stop = false;
  std::atomic<int> served = 0;
  std::thread storm([&] {
    try {
      while (!stop) {
        TextClient client(server.port());
        if (client.ask("hello") == "Echo: hello") ++served;
      }
    } catch (const std::exception& error) {
      ADD_FAILURE() << "refused, reset or cut off: " << error.what();
    }
  });
  for (int round = 0; round < (kSanitized ? 2 : 5); ++round) {
    const int seen = served;
    expect_upgraded(server);
    eventually("they are served again", [&] { return served > seen + 10 || testing::Test::HasFailure(); });
  }
  stop = true;
  storm.join();
}

TEST(Upgrade, ScaleAndWhoIsDrainedStay) {
  ServerProcess server({"--workers", "2", "--max-workers", "4"});
  TextClient client(server.port());
  client.sync();
  EXPECT_EQ(server.console("scale 3"), "OK 3 workers\n");
  EXPECT_EQ(server.console("drain 1"), "OK drained 1\n");
  expect_upgraded(server);
  std::vector<std::string> states;
  for (const ProcessRow& row : server.processes()) states.push_back(row.state);
  EXPECT_THAT(states, testing::ElementsAre("serving", "serving", "drained", "serving"));
  EXPECT_EQ(server.console("scale 4"), "OK 4 workers\n");
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

// What is in the place of the program, and what the operator is told.
struct Refused {
  std::string name;
  std::function<void(Installation&)> install;
  std::string why;
};
void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.name;
}

class UpgradeRefused : public testing::TestWithParam<Refused> {};

TEST_P(UpgradeRefused, Row32_NothingHasHappened) {
  Installation installed;
  ServerProcess server(ServerProgram{installed.path()}, {"--workers", "2"});
  TextClient client(server.port());
  client.sync();
  const auto before = pids_of(server);
  const std::size_t descriptors = descriptor_count(server.pid());

  GetParam().install(installed);
  EXPECT_THAT(server.console("upgrade"), AllOf(StartsWith("ERR not-upgraded "), HasSubstr(GetParam().why)));

  EXPECT_EQ(pids_of(server), before) << "not one process was touched";
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
  eventually("nothing is left of it", [&] { return descriptor_count(server.pid()) == descriptors; });
  installed.install(test::program("rookery-master"));
  expect_upgraded(server);
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

INSTANTIATE_TEST_SUITE_P(
    All, UpgradeRefused,
    testing::Values(Refused{"Script", [](Installation& here) { here.install_script("exit 1"); }, "exit code 1"},
                    Refused{"False", [](Installation& here) { here.install("/bin/false"); }, "exit code 1"},
                    Refused{"True", [](Installation& here) { here.install("/bin/true"); }, "without a word"},
                    Refused{"Crash", [](Installation& here) { here.install_script("kill -SEGV $$"); }, "signal 11"},
                    Refused{"OtherLayout",
                            [](Installation& here) { here.install(test::program("rookery-master-other-layout")); },
                            ", and this program knows 1000000"},
                    Refused{"Nothing", [](Installation& here) { fs::remove(here.path()); }, "No such file"},
                    Refused{"NotExecutable",
                            [](Installation& here) {
                              here.install_script("exit 1");
                              fs::permissions(here.path(), fs::perms::owner_read);
                            },
                            "cannot execute"}),
    [](const auto& test) { return test.param.name; });

TEST(Upgrade, AProgramThatIsSilentIsGivenUp) {
  Installation installed;
  ServerProcess server(ServerProgram{installed.path()}, {"--workers", "1"});
  TextClient client(server.port());
  installed.install_script("exec sleep 1000");
  std::thread second([&] {
    eventually("the first has begun", [&] { return server.log().find("rehearsing") != std::string::npos; });
    EXPECT_THAT(server.console("upgrade"), AllOf(StartsWith("ERR not-now "), HasSubstr("under way")));
    EXPECT_EQ(client.ask("hello"), "Echo: hello") << "the rehearsal is no business of clients";
  });
  EXPECT_THAT(server.console("upgrade"), AllOf(StartsWith("ERR not-upgraded "), HasSubstr("no end")));
  second.join();
}

TEST(Upgrade, OptionsThatAreWrongNowAreFoundAtTheRehearsal) {
  const TemporaryDirectory files;
  const fs::path config = files.path() / "rookery.conf";
  std::ofstream(config) << "pool = 2\n";
  ServerProcess server({"--workers", "1", "--config", config.string()});
  std::ofstream(config) << "pool = many\n";
  EXPECT_THAT(server.console("upgrade"), AllOf(StartsWith("ERR not-upgraded "), HasSubstr("many")));
  std::ofstream(config) << "loops = 2\npool = 3\n";
  expect_upgraded(server);
  EXPECT_THAT(server.log(), HasSubstr("--loops stays 1: 2 needs a new start"));
  TextClient client(server.port());
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

// What goes wrong once the old program is gone: it is executed again and carries on.
class UpgradeBackedOut : public testing::TestWithParam<const char*> {};

TEST_P(UpgradeBackedOut, Row32_TheOldProgramServesOn) {
  FaultSwitch faults;
  Installation installed(test::program("rookery-master-faulty"));
  ServerProcess server(ServerProgram{installed.path(), &faults}, {"--workers", "2"});
  server.expect_alerts();
  TextClient client(server.port());
  make_account(server, "alice");
  static_cast<void>(client.log_in("alice", kPassword));
  client.send("Hel");
  const fs::path what_runs = fs::path("/proc") / std::to_string(server.pid()) / "exe";
  installed.install(test::program("rookery-master-faulty"));

  faults.set(GetParam());
  EXPECT_THAT(server.console("upgrade"), StartsWith("ERR not-upgraded "));
  EXPECT_GT(faults.fired(), 0u);
  faults.clear();

  EXPECT_FALSE(fs::equivalent(what_runs, installed.path())) << "it is the old file that runs";
  server.wait_until_all_serve();
  EXPECT_EQ(client.ask("lo"), "Echo: Hello");
  const std::size_t descriptors = descriptor_count(server.pid());
  expect_upgraded(server);
  EXPECT_TRUE(fs::equivalent(what_runs, installed.path())) << "the way is free again";
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
  eventually("nothing is left over", [&] { return descriptor_count(server.pid()) <= descriptors; });
  TextClient bob(server.port());
  EXPECT_EQ(bob.ask("hello"), "Echo: hello");
}

INSTANTIATE_TEST_SUITE_P(At, UpgradeBackedOut,
                         testing::Values("upgrade.before_exec:errno:ENOMEM", "upgrade.in_take_over:errno:EIO",
                                         "ledger.at_start:kill9", "ledger.at_start:exit:78", "worker.at_start:abort",
                                         "worker.at_start:abort:2", "worker.at_start:kill9", "worker.in_takeover:kill9",
                                         "master.fork:errno:EAGAIN", "master.fork:errno:EAGAIN:2"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace_if(
                               name, [](char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

TEST(Upgrade, ARehearsalThatCrashesHasHarmedNobody) {
  for (const char* fault : {"upgrade.in_rehearsal:kill9", "upgrade.in_rehearsal:exit:0"}) {
    FaultSwitch faults;
    ServerProcess server(faults, {"--workers", "1"});
    const auto before = pids_of(server);
    faults.set(fault);
    EXPECT_THAT(server.console("upgrade"), StartsWith("ERR not-upgraded "));
    EXPECT_EQ(pids_of(server), before);
  }
}

TEST(Upgrade, SigtermAtAnyStepEndsTheServerProperly) {
  // When the server says this, it is told to stop.
  for (const char* step : {"upgrade: rehearsing", "workers hand over", "all children are gone", "takes over from"}) {
    SCOPED_TRACE(step);
    ServerProcess server({"--workers", "2"});
    TextClient client(server.port());
    client.sync();
    server.program().signal(SIGUSR2);
    eventually(step, [&] { return server.log().find(step) != std::string::npos; });
    server.program().signal(SIGTERM);
    const auto exit_code = server.program().wait();
    EXPECT_EQ(exit_code, 0);
    EXPECT_NO_THROW(client.read_to_end());
    client.close();
  }
}

TEST(Upgrade, AWorkerThatHangsIsKilledAndItsClientsCarriedOn) {
  ServerProcess server({"--workers", "2"});
  const auto seated = one_client_on_each_worker(server, 2);
  const pid_t stopped = server.worker_pid(0);
  freeze(stopped);
  expect_upgraded(server);
  EXPECT_FALSE(is_alive(stopped));
  for (const Seated& each : seated) EXPECT_EQ(each.client->ask("ping")["ok"], true);
}

TEST(Upgrade, OthersWhoAskTheConsoleMeanwhileAreAnswered) {
  ServerProcess server({"--workers", "2"});
  std::thread asks([&] {
    for (int i = 0; i < 20; ++i) EXPECT_THAT(server.console("count"), testing::EndsWith(" clients\n"));
  });
  expect_upgraded(server);
  asks.join();
}

}  // namespace
}  // namespace rookery::system_test
