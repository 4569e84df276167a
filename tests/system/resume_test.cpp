// resume: who comes back is told what was said meanwhile, each message once, whether it is still in memory or not.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <set>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/resuming.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Resume, GivesWhatWasMissedInOnesRoomsAndNothingElse) {
  const ServerProcess server;
  make_account(server, "alice");
  make_account(server, "bob");
  JsonClient other(server.port());
  for (const char* room : {"#den", "#elsewhere"}) join(other, room);
  Seen seen;
  {
    JsonClient alice(server.port());
    log_in(alice, "alice");
    join(alice, "#den");
    seen = say(alice, "#den", "before");
  }
  const auto msg = [&](const char* to, const char* text) {
    EXPECT_EQ(other.ask({{"op", "msg"}, {"to", to}, {"text", text}})["ok"], true);
  };
  say(other, "#den", "in the den");
  say(other, "#elsewhere", "elsewhere");
  say(other, "#lobby", "in the lobby");
  msg("alice", "to alice");
  msg("bob", "to bob");
  EXPECT_EQ(other.ask({{"op", "broadcast"}, {"text", "to all"}})["ok"], true);
  say(other, "#den", "again in the den");

  JsonClient alice(server.port());
  log_in(alice, "alice");
  join(alice, "#DEN");
  say(other, "#den", "live");
  alice.expect_event([](const Json& event) { return event["text"] == "live"; });
  const Resumed resumed = resume(alice, seen);
  EXPECT_EQ(resumed.reply["recovered"], true);
  EXPECT_THAT(resumed.texts(), ElementsAre("in the den", "in the lobby", "to alice", "to all", "again in the den"));
  if (resumed.events.size() != 5) return;
  EXPECT_EQ(resumed.events[0]["room"], "#den");
  EXPECT_EQ(resumed.events[2]["to"], "alice");
  EXPECT_FALSE(resumed.events[2].contains("room"));
  EXPECT_EQ(resumed.events[3]["room"], "*");
  for (const Json& event : resumed.events) EXPECT_EQ(event["epoch"], seen.epoch);

  say(other, "#den", "the end");
  alice.expect_event([](const Json& event) { return event["text"] == "the end"; });
  std::set<std::uint64_t> numbers;
  for (const Json& event : alice.events("message"))
    EXPECT_TRUE(numbers.insert(event["seq"].get<std::uint64_t>()).second) << event;
  EXPECT_EQ(numbers.size(), 7U);
}

TEST(Resume, WithNothingMissedSaysSo) {
  const ServerProcess server({"--workers", "1"});
  JsonClient client(server.port());
  const Seen seen = say(client, "#lobby", "x");
  const Resumed resumed = resume(client, seen);
  EXPECT_EQ(resumed.reply["recovered"], true);
  EXPECT_EQ(resumed.reply["missed"], 0);
  client.sync();
}

// The promise itself: what comes live and what comes by resume is together all of it, each once, in order.
TEST(Resume, LosesAndRepeatsNothingWhileOthersTalk) {
  const ServerProcess server({"--workers", "2"});
  Load load(server.port(), 4, "#den");
  const int kRounds = kSanitized ? 8 : 40;
  std::vector<std::uint64_t> had;
  Seen seen;
  std::size_t resumed_count = 0;
  for (int round = 0; round < kRounds; ++round) {
    JsonClient client(server.port());
    // All in one write, so that the traffic falls between any two of them.
    std::string requests = Json{{"op", "join"}, {"room", "#den"}}.dump() + "\n";
    if (!seen.epoch.empty()) requests += resume_request(seen).dump() + "\n";
    requests += Json{{"op", "ping"}}.dump() + "\n";
    client.send(requests);
    std::vector<std::uint64_t> live;
    std::vector<std::uint64_t> missed;
    const auto take = [&](const Json& line) {
      if (!line.contains("event")) return;
      ASSERT_EQ(line["event"], "message") << line;
      seen.epoch = line["epoch"];
      if (line["room"] == "#den") live.push_back(line["seq"]);
    };
    for (bool pong = false; !pong;) {
      const Json line = Json::parse(client.read_line());
      if (line.value("re", "") == "resume") {
        ASSERT_EQ(line["recovered"], true) << line;
        Resumed resumed{line};
        read_events(client, seen.seq, resumed);
        for (const Json& event : resumed.events) missed.push_back(event["seq"]);
      }
      take(line);
      pong = line.value("re", "") == "ping";
    }
    while (live.size() < 20) take(Json::parse(client.read_line()));
    resumed_count += missed.size();
    had.insert(had.end(), missed.begin(), missed.end());
    had.insert(had.end(), live.begin(), live.end());
    seen.seq = had.back();
  }
  load.finish();
  EXPECT_GT(resumed_count, 0U);
  ASSERT_EQ(std::ranges::adjacent_find(had, std::greater_equal{}), had.end()) << "something twice or out of order";
  std::vector<std::uint64_t> said;
  for (const HistoryItem& item : whole_history(server.port(), "#den"))
    if (item.seq >= had.front() && item.seq <= had.back()) said.push_back(item.seq);
  EXPECT_EQ(had, said);
}

TEST(Resume, ASecondOneGivesOnlyWhatTheFirstDidNot) {
  const ServerProcess server({"--workers", "1"});
  JsonClient other(server.port());
  for (const char* room : {"#a", "#b"}) join(other, room);
  const Seen start = say(other, "#lobby", "0");
  const Seen middle = say(other, "#a", "a1");
  say(other, "#b", "b1");
  say(other, "#a", "a2");

  JsonClient client(server.port());
  join(client, "#a");
  EXPECT_THAT(resume(client, middle).texts(), ElementsAre("a2"));
  EXPECT_THAT(resume(client, middle).texts(), IsEmpty());
  EXPECT_THAT(resume(client, start).texts(), ElementsAre("a1")) << "older than what it had";
  say(other, "#a", "a3");
  join(client, "#b");
  EXPECT_THAT(resume(client, start).texts(), ElementsAre("b1")) << "a room that it has come into since";
  EXPECT_THAT(resume(client, start).texts(), IsEmpty());
}

TEST(Resume, OfAsManyRoomsAsOneMayBeIn) {
  ServerProcess server({"--workers", "2"});
  constexpr int kRooms = 128;
  JsonClient other(server.port());
  const Seen seen = say(other, "#lobby", "seen");
  std::vector<std::string> names;
  for (int i = 0; i < kRooms; ++i) {
    names.push_back("#room" + std::to_string(i));
    join(other, names.back());
    other.send_json({{"op", "say"}, {"room", names.back()}, {"text", names.back()}});
  }
  other.sync();
  for (const bool from_the_store : {false, true}) {
    if (from_the_store) turn_the_ring_over(server.port());
    JsonClient client(server.port());
    for (int i = kRooms - 1; i >= 0; --i)
      client.send_json({{"op", "join"}, {"room", names[static_cast<std::size_t>(i)]}});
    EXPECT_EQ(client.ask({{"op", "leave"}, {"room", "#room64"}})["ok"], true);
    Resumed resumed = resume(client, seen);
    std::vector<std::string> expected = names;
    std::erase(expected, "#room64");
    EXPECT_EQ(resumed.texts(), expected);
    join(client, "#room64");
    EXPECT_THAT(resume(client, seen).texts(), ElementsAre("#room64"));
  }
}

// A loop that has not read as far as the client has seen elsewhere reads on before it judges the number.
TEST(Resume, FromWhatWasSeenElsewhereAMomentAgo) {
  const ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  const auto on_worker = [&seated](std::uint32_t worker) -> JsonClient& {
    return *std::ranges::find(seated, worker, &Seated::worker)->client;
  };
  join(on_worker(0), "#noise");
  const pid_t late = server.worker_pid(1);
  freeze(late);
  const Json noise{{"op", "say"}, {"room", "#noise"}, {"text", std::string(8000, 'n')}};
  for (int i = 0; i < 400; ++i) on_worker(0).send_json(noise);  // three times what a loop reads in a turn
  const Seen seen = say(on_worker(0), "#lobby", "just now");
  on_worker(1).send_json(resume_request(seen));
  ::kill(late, SIGCONT);
  const Json answer = read_answer(on_worker(1));
  EXPECT_EQ(answer["recovered"], true) << answer;
  EXPECT_EQ(answer["missed"], 0) << answer;
}

TEST(Resume, FromBeyondTheRing) {
  const ServerProcess server({"--workers", "2"});
  make_account(server, "alice");
  JsonClient other(server.port());
  for (const char* room : {"#den", "#elsewhere"}) join(other, room);
  const Seen seen = say(other, "#den", "seen");
  std::vector<std::string> expected;
  constexpr int kMessages = 300;  // some pages of the store
  for (int i = 0; i < kMessages; ++i) {
    const std::string text = std::to_string(i);
    const bool elsewhere = i % 5 == 0;
    const Json request = i % 5 == 1 ? Json{{"op", "broadcast"}, {"text", text}}
                         : i % 5 == 2
                             ? Json{{"op", "msg"}, {"to", "alice"}, {"text", text}}
                             : Json{{"op", "say"}, {"room", elsewhere ? "#elsewhere" : "#den"}, {"text", text}};
    other.send_json(request);
    if (!elsewhere) expected.push_back(text);
  }
  other.sync();
  turn_the_ring_over(server.port());
  say(other, "#den", "in the ring");
  expected.emplace_back("in the ring");

  JsonClient alice(server.port());
  log_in(alice, "alice");
  join(alice, "#den");
  const Resumed resumed = resume(alice, seen);
  EXPECT_EQ(resumed.reply["recovered"], true);
  EXPECT_EQ(resumed.texts(), expected);
}

TEST(Resume, AfterARestartOfTheServer) {
  const TemporaryDirectory data;
  Seen seen;
  {
    const ServerProcess server(data, {});
    JsonClient client(server.port());
    join(client, "#den");
    seen = say(client, "#den", "seen");
    say(client, "#den", "before the stop");
  }
  const ServerProcess server(data, {});
  JsonClient other(server.port());
  join(other, "#den");
  say(other, "#den", "after the start");
  JsonClient client(server.port());
  join(client, "#den");
  const Resumed resumed = resume(client, seen);
  EXPECT_EQ(resumed.reply["recovered"], true);
  EXPECT_THAT(resumed.texts(), ElementsAre("before the stop", "after the start"));
}

// What the file `published` says decides whether something that was seen is lost; see docs/storage.md.
void pretend_that_more_was_published(const TemporaryDirectory& data, std::uint64_t seq) {
  std::fstream file(data.path() / "published", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(24);  // after magic and epoch
  file.write(reinterpret_cast<const char*>(&seq), sizeof seq);
  ASSERT_TRUE(file.flush());
}

TEST(Resume, FromAnEpochThatIsOver) {
  const TemporaryDirectory data;
  Seen seen;
  Seen newest;
  {
    const ServerProcess server(data, {});
    JsonClient client(server.port());
    seen = say(client, "#lobby", "seen");
    newest = say(client, "#lobby", "kept");
  }
  pretend_that_more_was_published(data, newest.seq + 5);
  const ServerProcess server(data, {});
  JsonClient other(server.port());
  const Seen present = say(other, "#lobby", "new");
  ASSERT_NE(present.epoch, seen.epoch);
  {
    JsonClient client(server.port());
    const Resumed resumed = resume(client, seen);
    EXPECT_EQ(resumed.reply["recovered"], false);
    ASSERT_THAT(resumed.texts(), ElementsAre("kept", "new"));
    EXPECT_EQ(resumed.events[0]["epoch"], seen.epoch) << "under the name that it always had";
    EXPECT_EQ(resumed.events[1]["epoch"], present.epoch);
  }
  {
    JsonClient client(server.port());
    const Resumed resumed = resume(client, {seen.epoch, newest.seq + 5});
    EXPECT_EQ(resumed.reply["recovered"], false);
    EXPECT_THAT(resumed.texts(), ElementsAre("new")) << "it has seen what is lost, and all that is not";
    const Json history = client.ask({{"op", "history"}});
    ASSERT_EQ(history["messages"].size(), 3U);
    EXPECT_EQ(history["messages"][1]["epoch"], seen.epoch);
    EXPECT_EQ(history["messages"][2]["epoch"], present.epoch);
  }
  JsonClient client(server.port());
  for (const Seen& strange : {Seen{"0123456789abcdef", 1}, Seen{"", 1}, Seen{present.epoch, present.seq + 1'000'000},
                              Seen{present.epoch, ~0ULL}}) {
    const Resumed resumed = resume(client, strange);
    EXPECT_EQ(resumed.reply["recovered"], false) << resumed.reply;
    EXPECT_EQ(resumed.reply["missed"], 0) << resumed.reply;
  }
  EXPECT_THAT(resume(client, seen).texts(), ElementsAre("kept", "new")) << "nothing was given, so nothing was had";
}

TEST(Resume, IsRefusedToWhoMayNotRead) {
  const ServerProcess server({"--workers", "1", "--allow-guests", "no"});
  make_account(server, "alice");
  JsonClient client(server.port());
  EXPECT_EQ(client.ask({{"op", "resume"}, {"epoch", "x"}, {"seq", 1}})["error"], "not-logged-in");
  log_in(client, "alice");
  const Seen seen = say(client, "#lobby", "one");
  say(client, "#lobby", "two");
  JsonClient late(server.port());
  late.sync();
  say(client, "#lobby", "three");
  log_in(late, "alice");
  EXPECT_THAT(resume(late, seen).texts(), ElementsAre("two", "three")) << "it listens since its login";
  for (const Json& bad :
       {Json{{"op", "resume"}}, Json{{"op", "resume"}, {"epoch", "x"}},
        Json{{"op", "resume"}, {"epoch", 1}, {"seq", 1}}, Json{{"op", "resume"}, {"epoch", "x"}, {"seq", -1}}})
    EXPECT_EQ(client.ask(bad)["error"], "bad-argument") << bad;
}

TEST(Resume, AfterTheWorkersDeath) {
  ServerProcess server({"--workers", "1"});
  make_account(server, "alice");
  make_account(server, "bob");
  Seen seen;
  {
    JsonClient alice(server.port());
    log_in(alice, "alice");
    join(alice, "#den");
    seen = say(alice, "#den", "seen");
    JsonClient bob(server.port());
    join(bob, "#den");
    say(bob, "#den", "just before");
    EXPECT_EQ(bob.ask({{"op", "msg"}, {"to", "alice"}, {"text", "psst"}})["ok"], true);
    server.kill_child(server.worker_pid(0));
  }
  server.wait_until_all_serve();
  JsonClient alice(server.port());
  log_in(alice, "alice");
  join(alice, "#den");
  EXPECT_THAT(resume(alice, seen).texts(), ElementsAre("just before", "psst"));
}

}  // namespace
}  // namespace rookery::system_test
