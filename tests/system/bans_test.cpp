// Bans: who is refused and ended, when they end, and what the operator is told. What survives which death:
// bans_survive_test.cpp
#include <gmock/gmock.h>

#include "tests/master/ledger/old_store.h"
#include "tests/system/harness/banned.h"
#include "tests/system/harness/ctl.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kHash =
    "$argon2id$v=19$m=19456,t=2,p=1$0kGmF+kDtb5PD6zMtYna2g$CDmq7A4HfZtOstyGnP/B3e08rGgl0IfMexEuP/Bz3AI";
constexpr const char* kHashed = "first-secret";

TEST(Bans, AnAddressIsRefusedAndItsClientsAreEndedOnAllWorkers) {
  ServerProcess server({"--workers", "2"});
  auto seated = banned_on_each_worker(server, 2);
  TextClient person(server.port(), kBanned);
  EXPECT_EQ(person.ask("/ping"), "OK pong");
  TextClient silent(server.port(), kBanned);
  JsonClient neighbour(server.port());
  EXPECT_EQ(neighbour.ask("ping")["ok"], true);

  EXPECT_EQ(server.console("ban 127.0.0.2 sells things"),
            "! 127.0.0.2 is this machine itself: clients behind a proxy on it are banned too\nOK banned 127.0.0.2\n");
  for (Seated& seat : seated) expect_dismissed(*seat.client, ": sells things");
  person.read_to_end();
  EXPECT_THAT(person.lines().back(), HasSubstr("you are banned by the operator of this server: sells things"));
  silent.read_to_end();
  ASSERT_THAT(silent.lines(), testing::SizeIs(1));
  EXPECT_EQ(silent.lines()[0], "ERR banned you are banned by the operator of this server: sells things");
  for (int i = 0; i < 8; ++i) expect_refused(server, ": sells things");

  EXPECT_EQ(neighbour.ask("ping")["ok"], true);
  expect_welcome(server, {});
  EXPECT_EQ(server.console("unban 127.0.0.2"), "OK unbanned 127.0.0.2\n");
  expect_welcome(server);
}

TEST(Bans, ARangeHoldsForAllOfItsAddresses) {
  ServerProcess server({"--workers", "1"});
  EXPECT_THAT(server.console("ban 127.0.0.2/31"), HasSubstr("OK banned 127.0.0.2/31\n"));
  expect_refused(server, "", {.source = "127.0.0.2"});
  expect_refused(server, "", {.source = "127.0.0.3"});
  expect_welcome(server, {.source = "127.0.0.4"});
  EXPECT_THAT(server.console("unban 127.0.0.2"), StartsWith("ERR no-such-ban"));
  EXPECT_THAT(server.console("ban 127.0.0.6/30"),
              HasSubstr("OK banned 127.0.0.4/30 (which is the range that 127.0.0.6/30 lies in)\n"));
  expect_refused(server, "", {.source = "127.0.0.4"});
  EXPECT_THAT(server.console("unban 127.0.0.7/30"), StartsWith("OK unbanned 127.0.0.4/30"));
  expect_welcome(server, {.source = "127.0.0.4"});
}

TEST(Bans, ABanOfAnIpv4AddressHoldsWhereItComesAsAnIpv6One) {
  ServerProcess server({"--workers", "1", "--host", "::", "--allow-guests", "yes"});
  expect_welcome(server);
  EXPECT_THAT(server.console("ban ::ffff:127.0.0.2"), HasSubstr("OK banned 127.0.0.2\n"));
  expect_refused(server, "");
  expect_welcome(server, {});
  EXPECT_THAT(server.console("ban ::/0"), HasSubstr("every IPv6 address"));
  expect_welcome(server, {});
}

TEST(Bans, AnAccountIsToldSoAfterTheRightPasswordAlone) {
  ServerProcess server({"--workers", "2"});
  make_account(server, "Alice");
  make_account(server, "bob");
  JsonClient first(server.port());
  EXPECT_EQ(first.ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}})["ok"], true);
  JsonClient second(server.port());
  EXPECT_EQ(second.ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}})["ok"], true);
  JsonClient bob(server.port());
  EXPECT_EQ(bob.ask({{"op", "login"}, {"name", "bob"}, {"password", kPassword}})["ok"], true);

  EXPECT_EQ(server.console("ban aLICE insults"), "OK banned aLICE\n");
  expect_dismissed(first, ": insults");
  expect_dismissed(second, ": insults");
  const Json refused = try_login_of(server, "alice");
  EXPECT_EQ(refused["error"], "banned");
  EXPECT_EQ(refused["message"], "you are banned by the operator of this server: insults");
  Json guessed = try_login_of(server, "alice", "another-password");
  EXPECT_EQ(guessed["error"], "bad-credentials");
  EXPECT_EQ(guessed, try_login_of(server, "nobody", "another-password")) << "who guesses is told nothing";
  EXPECT_EQ(bob.ask("ping")["ok"], true);
  EXPECT_EQ(try_login_of(server, "bob")["ok"], true);
  EXPECT_THAT(server.console("bans"), HasSubstr("\nAlice "));

  EXPECT_EQ(server.console("user lock alice"), "OK locked alice\n");
  EXPECT_EQ(try_login_of(server, "alice")["error"], "bad-credentials") << "a lock says less";
  EXPECT_EQ(server.console("user unlock alice"), "OK unlocked alice\n");
  EXPECT_EQ(server.console("unban alice"), "OK unbanned alice\n");
  EXPECT_EQ(try_login_of(server, "alice")["ok"], true);
}

TEST(Bans, ABanGoesWithItsAccountAndNotWithTheName) {
  ServerProcess server({"--workers", "1"});
  make_account(server, "alice");
  EXPECT_EQ(server.console("ban alice"), "OK banned alice\n");
  EXPECT_EQ(server.console("user passwd alice " + std::string(kHash)), "OK password of alice\n");
  EXPECT_EQ(try_login_of(server, "alice", kHashed)["error"], "banned") << "a new password changes nothing";
  EXPECT_EQ(server.console("user remove alice"), "OK removed alice\n");
  EXPECT_EQ(server.console("bans"), "OK 0 bans\n");
  make_account(server, "alice");
  EXPECT_EQ(try_login_of(server, "alice")["ok"], true);
  EXPECT_THAT(server.console("unban alice"), StartsWith("ERR no-such-ban"));
}

TEST(Bans, ABanEndsByItself) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  make_account(server, "alice");
  EXPECT_THAT(server.console("ban 127.0.0.2 --for 1s"), HasSubstr("OK banned 127.0.0.2 for 1 s\n"));
  EXPECT_EQ(server.console("ban alice --for 1s"), "OK banned alice for 1 s\n");
  EXPECT_THAT(server.console("ban 127.0.0.3 --for 7d holds"), HasSubstr("OK banned 127.0.0.3 for 7 d 0 h\n"));
  eventually("the address is welcome again", [&] { return is_welcome(server); });
  eventually("the account too", [&] { return try_login_of(server, "alice")["ok"] == true; });
  EXPECT_THAT(server.console("bans"),
              AllOf(Not(HasSubstr("127.0.0.2")), HasSubstr("127.0.0.3"), HasSubstr("OK 1 bans")));
  TextClient client(server.port(), {.source = "127.0.0.3"});
  EXPECT_THAT(client.read_line(), testing::MatchesRegex("ERR banned .* until 20[0-9-]*T[0-9:.]*Z: holds"));
  eventually("the store has forgotten it",
             [&] { return test::ask_sqlite(data.path() / "rookery.db", "SELECT count(*) FROM bans") == "1"; });
}

// As many as there can be, of 8 prefix lengths.
TEST(Bans, TheirNumberIsBoundedAndTheServerServesWithAllOfThem) {
  const TemporaryDirectory data;
  { const ServerProcess server(data, {"--workers", "1"}); }
  ASSERT_EQ(
      test::ask_sqlite(data.path() / "rookery.db",
                       "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<4095)"
                       " INSERT INTO bans SELECT printf('10.%d.%d.0/%d', i/256, i%256, 24+i%8), 0, 1, 0, 'r' FROM n"),
      "");
  ServerProcess server(data, {"--workers", "1"});
  EXPECT_THAT(server.console("status"), HasSubstr("bans        4096\n"));
  EXPECT_THAT(server.console("ban 127.0.0.2"), StartsWith("ERR server-full there are 4096 bans"));
  expect_welcome(server);
  EXPECT_THAT(server.console("ban 10.0.0.0/24 another reason"), StartsWith("OK banned")) << "it is there already";
  EXPECT_THAT(server.console("unban 10.0.0.0/24"), StartsWith("OK unbanned"));
  EXPECT_THAT(server.console("ban 127.0.0.2"), HasSubstr("OK banned"));
  expect_refused(server, "");
}

TEST(Bans, TheListFitsATerminalAndSaysAll) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  make_account(server, "alice");
  const std::string reason =
      "a reason so long that it does not stand on one line of a terminal, which has eighty columns, not more, as ever";
  EXPECT_THAT(server.console("ban 2001:db8:1111:2222:3333:4444:5555:6666/127 --for 30d " + reason), StartsWith("OK"));
  EXPECT_THAT(server.console("ban alice \xe2\x80\xae"
                             "evil"),
              StartsWith("OK"));
  const std::string list = server.console("bans");
  std::string joined;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = list.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = list.substr(begin, end - begin);
    EXPECT_LE(line.size(), 80U) << line;
    joined += line.starts_with("    ") ? line.substr(3) : line;
  }
  EXPECT_THAT(joined, AllOf(HasSubstr(reason), HasSubstr("for ever"), HasSubstr("OK 2 bans")));
  EXPECT_THAT(list, Not(HasSubstr("\xe2\x80\xae"))) << "nothing that turns the line round";

  const CtlRun json = run_ctl(data, {"--json", "bans"});
  EXPECT_EQ(json.exit_code, 0);
  const Json document = Json::parse(json.output);
  EXPECT_EQ(document["ok"], true);
  EXPECT_EQ(document["message"], "2 bans");
  EXPECT_THAT(document["lines"].dump(), AllOf(HasSubstr("alice"), HasSubstr("2001:db8:1111")));
  EXPECT_EQ(Json::parse(run_ctl(data, {"--json", "status"}).output)["bans"], 2);
}

TEST(Bans, WhatIsWrongIsRefusedAndBansNobody) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  make_account(server, "alice");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"ban"},
                                             {"unban"},
                                             {"bans", "x"},
                                             {"ban", "nobody"},
                                             {"ban", "127.0.0.0/33"},
                                             {"ban", "1.2.3"},
                                             {"ban", "alice", "--for", "3w"},
                                             {"ban", "alice", "spam", "--for", "3h"},
                                             {"unban", "alice"}}) {
    const CtlRun run = run_ctl(data, words);
    EXPECT_EQ(run.exit_code, 1) << words.front() << " " << words.back();
    EXPECT_THAT(run.errors, StartsWith("ERR "));
  }
  EXPECT_THAT(server.console("ban nobody"), StartsWith("ERR no-such-user there is no account nobody"));
  EXPECT_EQ(Json::parse(run_ctl(data, {"--json", "ban", "nobody"}).output)["error"], "no-such-user");
  EXPECT_EQ(server.console("bans"), "OK 0 bans\n");
  EXPECT_EQ(run_ctl(data, {"ban", "alice", "--for", "30m", "two", "words"}).exit_code, 0);
  EXPECT_EQ(try_login_of(server, "alice")["error"], "banned");
  EXPECT_THAT(server.console("help"), AllOf(HasSubstr("ban MASK [--for TIME] [REASON]"), HasSubstr("unban MASK")));
}

TEST(Bans, StatusSaysWhetherAnybodyMayRegister) {
  const TemporaryDirectory data;
  ServerProcess open(data, {"--workers", "1"});
  EXPECT_THAT(open.console("status"), HasSubstr("\naccounts    registration open, guests may speak\n"));
  open.stop();
  ServerProcess closed(data, {"--workers", "1", "--registration", "closed", "--allow-guests", "no"});
  EXPECT_THAT(closed.console("status"), HasSubstr("\naccounts    registration closed, guests may not speak\n"));
  EXPECT_EQ(Json::parse(run_ctl(data, {"--json", "status"}).output)["registration"], "closed");
}

}  // namespace
}  // namespace rookery::system_test
