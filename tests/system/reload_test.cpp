// The configuration is read again while people chat: nobody is dropped, what changes holds for all at once, and what
// cannot change is named.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/system/harness/configuration.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(Reload, LimitsHoldForThoseWhoAreConnected) {
  const Configuration file("max-rooms = 1\n");
  ServerProcess server({"--workers", "2", "--loops", "2", "--config", file.path()});
  auto seated = one_client_on_each_worker(server, 2);
  for (Seated& each : seated) {
    EXPECT_EQ(each.client->ask({{"op", "join"}, {"room", "#a"}})["ok"], true);
    EXPECT_EQ(each.client->ask({{"op", "join"}, {"room", "#b"}})["ok"], false);
  }
  file.write("max-rooms = 2\nmax-line-rate = 1\n");
  EXPECT_EQ(server.console("reload"), "max-line-rate default -> 1\nmax-rooms 1 -> 2\nOK reloaded, 2 changed, 0 not\n");
  for (Seated& each : seated) {
    EXPECT_EQ(each.client->ask({{"op", "join"}, {"room", "#b"}})["ok"], true) << each.worker;
    bool refused = false;  // a burst is allowed, and no more
    for (int i = 0; i < 20 && !refused; ++i) refused = each.client->ask("ping")["ok"] == false;
    EXPECT_TRUE(refused) << each.worker;
  }
  EXPECT_EQ(server.console("reload"), "OK reloaded, 0 changed, 0 not\n");
}

TEST(Reload, RegistrationIsClosedAndTheOperatorStillMakesAccounts) {
  const Configuration file("registration = open\n");
  ServerProcess server({"--workers", "2", "--config", file.path()});
  make_account(server, "alice");
  TextClient guest(server.port());
  file.write("registration = closed\n");
  EXPECT_EQ(server.console("reload"), "registration open -> closed\nOK reloaded, 1 changed, 0 not\n");
  EXPECT_THAT(guest.ask("/register bob correct-horse"), testing::StartsWith("ERR registration-closed "));
  JsonClient other(server.port());
  EXPECT_EQ(other.ask({{"op", "register"}, {"name", "bob"}, {"password", kPassword}})["error"], "registration-closed");
  EXPECT_EQ(other.ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}})["ok"], true);
  constexpr const char* kHash =
      "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Y2hvaWNlIG9mIGFueSBieXRlcyB0aGF0IGFyZSAzMiE";
  EXPECT_EQ(server.console(std::string("user add bob ") + kHash), "OK added bob\n");
  file.write("registration = open\n");
  EXPECT_THAT(server.console("reload"), EndsWith("OK reloaded, 1 changed, 0 not\n"));
  EXPECT_EQ(other.ask({{"op", "register"}, {"name", "carol"}, {"password", kPassword}})["ok"], true);
}

TEST(Reload, GuestsMayNotChatAnyMoreAndMayAgain) {
  const Configuration file("allow-guests = yes\n");
  ServerProcess server({"--workers", "2", "--config", file.path()});
  make_account(server, "alice");
  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  TextClient guest(server.port());
  EXPECT_EQ(guest.ask("/join #den"), "OK joined #den, 1 members");
  EXPECT_EQ(alice.ask("/join #den"), "OK joined #den, 2 members");

  file.write("allow-guests = no\n");
  EXPECT_EQ(server.console("reload"), "allow-guests yes -> no\nOK reloaded, 1 changed, 0 not\n");
  EXPECT_THAT(guest.ask("/say #den may I?"), HasSubstr("ERR "));
  eventually("it has left the room",
             [&] { return alice.ask_lines("/rooms").front() == "#den 1" || alice.ask_lines("/rooms")[1] == "#den 1"; });
  EXPECT_THAT(alice.ask("/say #den among us"), HasSubstr("OK "));
  EXPECT_THAT(alice.ask("/b to all"), HasSubstr("OK "));
  guest.sync();
  EXPECT_THAT(guest.events(), Not(testing::Contains(HasSubstr("among us"))));
  EXPECT_THAT(guest.events(), Not(testing::Contains(HasSubstr("to all"))));
  // Who logs in may, on the same connection.
  TextClient other(server.port());
  EXPECT_THAT(other.ask("/say #lobby no"), HasSubstr("ERR "));
  other.log_in("alice", kPassword);
  EXPECT_THAT(other.ask("/say #lobby yes"), HasSubstr("OK "));

  file.write("allow-guests = yes\n");
  EXPECT_THAT(server.console("reload"), EndsWith("OK reloaded, 1 changed, 0 not\n"));
  EXPECT_EQ(guest.ask("/join #den"), "OK joined #den, 2 members");
  eventually("it hears the chat again", [&] {
    static_cast<void>(alice.ask("/b can you hear me?"));
    guest.sync();
    const auto events = guest.events();
    return std::ranges::any_of(events, [](const std::string& line) { return line.find("can you hear") != line.npos; });
  });
  EXPECT_THAT(guest.ask("/say #den I can"), HasSubstr("OK "));
}

TEST(Reload, WhatNeedsARestartIsNamedAndTheRestIsApplied) {
  const Configuration file("pool = 2\n");
  ServerProcess server({"--workers", "1", "--config", file.path()});
  TextClient client(server.port());
  client.sync();
  file.write(
      "host = 127.0.0.2\nport = 1\nmax-clients = 5\nloops = 3\npool = 4\nmax-queued = 262144\nlog-level = debug\n");
  EXPECT_EQ(server.console("reload"),
            "! host 127.0.0.1 -> 127.0.0.2 needs a restart\n"  // the port is given on the command line
            "! max-clients default -> 5 needs a restart\n"
            "max-queued 524288 -> 262144\n"
            "! loops 1 -> 3 needs a restart\n"
            "! pool 2 -> 4 needs an upgrade or a restart\n"
            "log-level info -> debug\n"
            "OK reloaded, 2 changed, 4 not\n");
  EXPECT_THAT(server.log(), AllOf(HasSubstr("warning: reload: loops 1 -> 3 needs a restart"),
                                  HasSubstr("reload: max-queued 524288 -> 262144")));
  EXPECT_EQ(client.ask("still here"), "Echo: still here");
  EXPECT_THAT(server.console("reload"), EndsWith("OK reloaded, 0 changed, 4 not\n")) << "as long as they differ";
}

TEST(Reload, WhoeverIsStartedLaterHasTheNewSettings) {
  const Configuration file("max-rooms = 1\nworkers = 1\n");
  ServerProcess server({"--max-workers", "4", "--config", file.path()});
  file.write("max-rooms = 2\nworkers = 3\n");
  EXPECT_EQ(server.console("reload"), "max-rooms 1 -> 2\nworkers 1 -> 3\nOK reloaded, 2 changed, 0 not\n");
  eventually("there are three", [&] { return server.processes().size() == 4; });
  server.wait_until_all_serve();
  const auto expect_two_rooms = [&] {
    for (Seated& each : one_client_on_each_worker(server, 3)) {
      EXPECT_EQ(each.client->ask({{"op", "join"}, {"room", "#a"}})["ok"], true);
      EXPECT_EQ(each.client->ask({{"op", "join"}, {"room", "#b"}})["ok"], true);
      EXPECT_EQ(each.client->ask({{"op", "join"}, {"room", "#c"}})["ok"], false);
    }
  };
  expect_two_rooms();
  server.expect_alerts();
  const pid_t victim = server.worker_pid(0);
  server.kill_child(victim);
  server.wait_until_all_serve({victim});
  expect_two_rooms();
  EXPECT_THAT(server.console("upgrade"), testing::StartsWith("OK upgraded to "));
  expect_two_rooms();
  EXPECT_EQ(server.console("reload"), "OK reloaded, 0 changed, 0 not\n") << "the successor has read the same";
  file.write("workers = 9\n");
  EXPECT_THAT(server.console("reload"), testing::StartsWith("ERR bad-config 9 workers ("));
}

// The log moves with a reload, and back to standard error.
TEST(Reload, WhatIsKeptOfTheHistory) {
  const Configuration file("history-age = 0\n");
  ServerProcess server({"--workers", "1", "--config", file.path()});
  JsonClient client(server.port());
  static_cast<void>(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "soon forgotten"}}));
  const auto messages = [&] {
    return client.ask({{"op", "history"}, {"room", "#lobby"}, {"limit", 10}}).at("messages").size();
  };
  EXPECT_EQ(messages(), 1u);
  file.write("history-age = 1s\n");
  EXPECT_THAT(server.console("reload"), EndsWith("OK reloaded, 1 changed, 0 not\n"));
  eventually("it is older than that and gone", [&] { return messages() == 0; });
}

// An upgrade keeps the scale; what the file says by then is for the next reload.
TEST(Reload, AfterAnUpgradeTheNumberOfWorkersCanStillChange) {
  const Configuration file("workers = 1\n");
  ServerProcess server({"--config", file.path()});
  file.write("workers = 3\n");
  EXPECT_THAT(server.console("upgrade"), testing::StartsWith("OK upgraded"));
  EXPECT_EQ(server.processes().size(), 2u) << "the ledger and a worker";
  EXPECT_THAT(server.console("reload"), HasSubstr("workers 1 -> 3"));
  eventually("all three serve", [&] { return server.processes().size() == 4; });
}

TEST(Reload, TheLogMoves) {
  const Configuration file("");
  const auto log = file.directory() / "log";
  ServerProcess server({"--workers", "1", "--config", file.path()});
  const auto content = [&] {
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    return text.str();
  };
  file.write("log-file = " + log.string() + "\nlog-format = json\n");
  EXPECT_THAT(server.console("reload"), EndsWith("OK reloaded, 2 changed, 0 not\n"));
  { TextClient(server.port()).sync(); }
  eventually("it is told there", [&] { return content().find("\"message\":\"closed: ") != std::string::npos; });
  EXPECT_THAT(server.console("upgrade"), testing::StartsWith("OK upgraded to "));
  file.write("log-file = /nowhere/at-all\n");
  EXPECT_THAT(server.console("reload"), testing::StartsWith("ERR bad-config cannot write the log /nowhere/at-all: "));
  file.write("");
  EXPECT_THAT(server.console("reload"), EndsWith("OK reloaded, 2 changed, 0 not\n"));
  { TextClient(server.port()).sync(); }
  eventually("it is told on standard error", [&] { return server.log().find(" closed: ") != std::string::npos; });
  EXPECT_THAT(server.log(), HasSubstr("reloaded, 2 changed, 0 not"));
}

TEST(Reload, APipeIsNotReadAgain) {
  const Configuration file("max-rooms = 3\n");
  ServerProcess server({"--workers", "1", "--config", file.path()});
  std::filesystem::remove(file.path());
  ASSERT_EQ(::mkfifo(file.path().c_str(), 0600), 0);
  EXPECT_EQ(server.console("reload"), "ERR bad-config cannot read " + file.path() + " again: it is no plain file\n");
}

}  // namespace
}  // namespace rookery::system_test
