// The disk is full, or fails at a write: who speaks is told that it is not durable, everything else goes on, and when
// there is room again so does this, without a restart.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/fault/rows/ledger_load.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::HasSubstr;

Json say(JsonClient& client, const std::string& text) {
  return client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", text}});
}

std::size_t times_in(const std::vector<HistoryItem>& history, const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(history, text, &HistoryItem::text));
}

class WritesFail : public testing::TestWithParam<const char*> {};

TEST_P(WritesFail, NothingIsAcknowledgedAndEverythingElseGoesOn) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  make_account(server, "alice");
  auto people = one_client_on_each_worker(server, 2);
  JsonClient& speaker = *people[0].client;
  JsonClient& listener = *people[1].client;
  const pid_t ledger = server.ledger_pid();
  ASSERT_EQ(say(speaker, "before")["ok"], true);

  faults.set(GetParam());
  const Json shown = say(speaker, "in doubt");
  EXPECT_EQ(shown["ok"], false);
  EXPECT_EQ(shown["error"], "not-durable");
  listener.expect_event([](const Json& event) { return event["event"] == "message" && event["text"] == "in doubt"; });
  const Json refused = say(speaker, "refused");
  EXPECT_EQ(refused["error"], "not-durable");
  EXPECT_THAT(refused["message"].get<std::string>(), HasSubstr("nothing was sent"));
  TextClient plain(server.port());
  EXPECT_THAT(plain.ask("/b refused"), HasSubstr("ERR not-durable nothing was sent"));
  EXPECT_THAT(plain.ask("/msg alice refused"), HasSubstr("ERR not-durable"));
  EXPECT_THAT(plain.ask("/register bob " + std::string(kPassword)), HasSubstr("ERR not-durable"));

  EXPECT_EQ(listener.ask({{"op", "join"}, {"room", "#den"}})["members"], 1);
  EXPECT_EQ(listener.ask({{"op", "leave"}, {"room", "#den"}})["ok"], true);
  EXPECT_EQ(listener.ask("ping")["ok"], true);
  const auto history = stored_history(server.port(), "#lobby");
  EXPECT_EQ(times_in(history, "before"), 1U);
  EXPECT_EQ(times_in(history, "in doubt"), 0U) << "not stored, so not in the history";
  TextClient login(server.port());
  login.log_in("alice", kPassword);
  EXPECT_THAT(server.console("workers"), HasSubstr("cannot be written"));
  std::vector<std::unique_ptr<TextClient>> crowd;  // more than client ids were in hand
  for (int i = 0; i < 100; ++i) {
    crowd.push_back(std::make_unique<TextClient>(server.port()));
    EXPECT_EQ(crowd.back()->ask("/ping"), "OK pong");
  }

  faults.clear();
  eventually("messages are taken again", [&] { return say(speaker, "after")["ok"] == true; });
  EXPECT_EQ(server.ledger_pid(), ledger) << "no restart was needed";
  EXPECT_EQ(times_in(whole_history(server.port(), "#lobby"), "in doubt"), 1U);
  make_account(server, "bob");
  const auto all = whole_history(server.port(), "#lobby");
  EXPECT_EQ(times_in(all, "refused"), 0U);
  EXPECT_EQ(times_in(all, "after"), 1U);
  EXPECT_THAT(server.console("workers"), Not(HasSubstr("cannot be written")));
}

INSTANTIATE_TEST_SUITE_P(StoreFaults, WritesFail,
                         testing::Values("store.write:errno:ENOSPC:1+", "store.write:errno:EDQUOT:1+",
                                         "store.write:errno:EIO:1+"),
                         [](const auto& test) {
                           const std::string rule = test.param;
                           if (rule.find("ENOSPC") != std::string::npos) return "Row33_DiskFull";
                           return rule.find("EIO") != std::string::npos ? "Row35_IoError" : "Row33_QuotaUsedUp";
                         });

// Cut short after any number of bytes of any write of a group: no half group is ever seen.
TEST(StoreFaults, Row33_DiskFullAtManyOffsetsUnderLoad) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  Load load(server.port(), 4);
  load.wait_for_progress(10);
  const pid_t ledger = server.ledger_pid();
  const int kRounds = kSanitized ? 4 : 12;
  for (int round = 0; round < kRounds; ++round) {
    const int bytes = round * 397 % 4120;  // in a frame's header, at its end, in a page
    faults.set("store.write:short:" + std::to_string(bytes) + ":" + std::to_string(1 + round % 5));
    eventually("the disk is full", [&] { return faults.fired() > 0; });
    load.wait_for_progress(5);
  }
  faults.clear();
  load.finish();
  EXPECT_EQ(server.ledger_pid(), ledger);
  const auto history = whole_history(server.port(), "#lobby");
  check_promises(load, history);
  check_one_order(load);
  check_seen_is_stored(load, history);
}

TEST(StoreFaults, Row33_RegistrationsInDoubtHaveOneOwner) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  TextClient first(server.port());
  EXPECT_THAT(first.ask("/b what the start has left is stored"), HasSubstr("OK"));
  faults.set("store.write:errno:ENOSPC:1+");
  EXPECT_THAT(first.ask("/register carol correct-horse-1"),
              HasSubstr("ERR not-durable the account could not be stored"));
  faults.clear();
  TextClient second(server.port());
  std::string answer;
  eventually("accounts are made again", [&] {
    answer = second.ask("/register carol correct-horse-2");
    return answer.find("not-durable") == std::string::npos;
  });
  // Asked for first and stored when there was room: it is the first one's.
  EXPECT_THAT(answer, HasSubstr("ERR name-taken"));
  TextClient login(server.port());
  EXPECT_THAT(login.ask("/login carol correct-horse-2"), HasSubstr("ERR bad-credentials"));
  EXPECT_THAT(login.ask("/login carol correct-horse-1"), HasSubstr("OK logged in"));
}

TEST(StoreFaults, Row33_StopWhileFullIsNotClean) {
  const TemporaryDirectory data;
  {
    FaultSwitch faults;
    ServerProcess server(data, faults, {"--workers", "1", "--shutdown-timeout", kNeverForced});
    JsonClient client(server.port());
    ASSERT_EQ(say(client, "kept")["ok"], true);
    faults.set("store.write:errno:ENOSPC:1+");
    ASSERT_EQ(say(client, "in doubt")["error"], "not-durable");
    server.expect_alerts();
    server.expect_exit_code(70);
    server.stop();
    EXPECT_THAT(server.log(), HasSubstr("could not be made durable"));
  }
  const ServerProcess server(data, {"--workers", "1"});
  EXPECT_EQ(times_in(whole_history(server.port(), "#lobby"), "kept"), 1U);
}

TEST(StoreFaults, Row34_DiskFullInACheckpoint) {
  constexpr std::uintmax_t kCheckpointBytes = 32 * 1024 * 1024;
  const TemporaryDirectory data;
  FaultSwitch faults;
  ServerProcess server(data, faults, {"--workers", "1"});
  JsonClient client(server.port());
  ASSERT_EQ(say(client, "the first")["ok"], true);
  faults.set("store.database_write:errno:ENOSPC:1+");
  const std::string long_text(7000, 'x');
  std::uint64_t acknowledged = 0;
  bool refused = false;
  for (int sent = 0; !refused && sent < 20'000; sent += 100) {
    std::string requests;
    for (int i = 0; i < 100; ++i)
      requests += Json{{"op", "say"}, {"room", "#lobby"}, {"text", long_text}}.dump() + "\n";
    client.send(requests);
    for (int answers = 0; answers < 100;) {
      const Json line = Json::parse(client.read_line());
      if (!line.contains("re")) continue;
      ++answers;
      if (line["ok"] == true)
        ++acknowledged;
      else
        refused = true;
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_GT(faults.fired(), 0U);
  EXPECT_GE(std::filesystem::file_size(data.path() / "rookery.db-wal"), kCheckpointBytes / 2);
  EXPECT_GE(stored_history(server.port(), "#lobby").size(), acknowledged + 1);
  faults.clear();
  eventually("messages are taken again", [&] { return say(client, "the last")["ok"] == true; });
  server.kill_child(server.ledger_pid());
  server.wait_until_all_serve();
  const auto history = whole_history(server.port(), "#lobby");
  EXPECT_GE(history.size(), acknowledged + 2);
  EXPECT_EQ(history.front().text, "the first");
  EXPECT_EQ(history.back().text, "the last");
}

}  // namespace
}  // namespace rookery::system_test
