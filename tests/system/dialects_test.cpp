// The two dialects side by side: the same people, rooms, numbers and order.
#include <gmock/gmock.h>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::ElementsAre;

// A JSON message event as the text dialect shows it.
std::string as_text(const Json& event) {
  const std::string place = event.contains("to") ? "@" : event["room"].get<std::string>();
  return "[" + place + "] " + event["from"]["name"].get<std::string>() + "(" +
         std::to_string(event["from"]["client"].get<std::uint64_t>()) + "): " + event["text"].get<std::string>();
}

std::vector<std::string> as_text(const std::vector<Json>& events) {
  std::vector<std::string> result;
  for (const Json& event : events) result.push_back(as_text(event));
  return result;
}

TEST(Dialects, SeeTheSameMessagesInTheSameOrder) {
  const ServerProcess server({"--workers", "2"});
  TextClient text(server.port());
  JsonClient json(server.port());
  text.sync();
  json.sync();

  std::vector<std::string> text_seqs;
  std::vector<std::string> json_seqs;
  std::vector<std::string> all_seqs;
  for (int i = 0; i < 20; ++i) {
    const std::string said = text.ask("/say #lobby from text " + std::to_string(i));
    ASSERT_TRUE(said.starts_with("OK ")) << said;
    all_seqs.push_back(said.substr(3));
    const Json reply = json.ask({{"op", "broadcast"}, {"text", "from json " + std::to_string(i)}});
    ASSERT_EQ(reply["ok"], true) << reply;
    all_seqs.push_back(std::to_string(reply["seq"].get<std::uint64_t>()));
  }
  text.sync();
  json.sync();

  const auto events = json.events("message");
  EXPECT_EQ(as_text(events), text.events());
  ASSERT_EQ(events.size(), 40u);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(std::to_string(events[i]["seq"].get<std::uint64_t>()), all_seqs[i]);
    EXPECT_EQ(events[i]["epoch"], events[0]["epoch"]);
    EXPECT_EQ(events[i]["time"].get<std::string>().size(), std::string_view("2026-11-21T10:00:00.123Z").size());
  }
}

TEST(Dialects, ShareAccountsRoomsAndHistory) {
  const ServerProcess server;
  TextClient text(server.port());
  JsonClient json(server.port());

  EXPECT_EQ(text.ask("/register Alice correct-horse"), "OK registered Alice");
  const Json taken = json.ask({{"op", "register"}, {"name", "ALICE"}, {"password", kPassword}});
  EXPECT_EQ(taken["error"], "name-taken");
  const Json login = json.ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}});
  ASSERT_EQ(login["ok"], true) << login;
  EXPECT_EQ(login["name"], "Alice") << "as it was registered";
  EXPECT_TRUE(login["client"].is_number_unsigned());
  EXPECT_TRUE(login["epoch"].is_string());

  EXPECT_EQ(text.ask("/join #den"), "OK joined #den, 1 members");
  EXPECT_EQ(json.ask({{"op", "join"}, {"room", "#DEN"}})["members"], 2);
  EXPECT_EQ(json.ask({{"op", "say"}, {"room", "#den"}, {"text", "grüß Gott \" \\ \t ☃"}})["ok"], true);
  const std::string seen = text.expect_event([](const std::string& line) { return line.starts_with("[#den]"); });
  EXPECT_EQ(seen, "[#den] Alice(" + std::to_string(login["client"].get<std::uint64_t>()) + "): grüß Gott \" \\ \t ☃");

  const Json history = json.ask({{"op", "history"}, {"room", "#den"}});
  ASSERT_EQ(history["messages"].size(), 1u) << history;
  EXPECT_EQ(as_text(history["messages"][0]), seen);
  EXPECT_THAT(text.ask_lines("/history #den"), ElementsAre(seen, "OK 1 messages"));
}

TEST(Dialects, NoTextHarmsALineForPeople) {
  const ServerProcess server({"--workers", "1"});
  TextClient text(server.port());
  text.sync();
  JsonClient json(server.port());
  const std::string harmful = "a\u2028b\u2029c\u202Ed\u2066e\u0085f\nOK 1";
  EXPECT_EQ(json.ask({{"op", "say"}, {"room", "#lobby"}, {"text", harmful}})["ok"], true);
  const std::string shown = "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFDf OK 1";
  const std::string seen = text.expect_event([](const std::string& line) { return line.starts_with("[#lobby]"); });
  EXPECT_THAT(seen, testing::EndsWith("): " + shown));
  EXPECT_EQ(json.ask({{"op", "echo"}, {"text", harmful}})["text"], harmful) << "a program gets what was said";
  EXPECT_EQ(text.ask("a\u202Eb"), "Echo: a\uFFFDb");
  EXPECT_EQ(server.console("broadcast a\u2029b"), "OK\n");
  text.expect_event("[!] a\uFFFDb");
}

TEST(Dialects, ListNamesEachClientAndItsDialect) {
  const ServerProcess server({"--workers", "1"});
  make_account(server, "bob");
  TextClient text(server.port());
  JsonClient json(server.port());
  const std::uint64_t guest = id_of(json);
  const std::uint64_t bob = text.log_in("bob", kPassword);

  eventually("the connection that registered is gone", [&] { return json.ask("list")["clients"].size() == 2; });
  const Json list = json.ask("list");
  for (const Json& item : list["clients"]) {
    const bool is_bob = item["client"] == bob;
    EXPECT_TRUE(is_bob || item["client"] == guest) << item;
    EXPECT_EQ(item["name"], is_bob ? "bob" : "guest" + std::to_string(guest));
    EXPECT_EQ(item["dialect"], is_bob ? "text" : "json");
    EXPECT_EQ(item["worker"], 0);
    EXPECT_TRUE(item["since"].is_string());
  }
  auto lines = text.ask_lines("/list");
  EXPECT_EQ(lines.back(), "OK 2 clients");
  EXPECT_THAT(lines, testing::Contains(std::to_string(bob) + " bob 0"));
  EXPECT_THAT(lines, testing::Contains(std::to_string(guest) + " guest" + std::to_string(guest) + " 0"));
}

TEST(Dialects, JsonIdsOfAnyKindComeBack) {
  const ServerProcess server({"--workers", "1"});
  JsonClient json(server.port());
  for (const Json& id : {Json(7), Json("seven"), Json(nullptr), Json({1, "two", {{"three", 3.5}}}), Json(-1)})
    EXPECT_EQ(json.ask({{"op", "ping"}, {"id", id}})["id"], id);
  json.send_line(R"({"op":"ping","unknown":[1,2]})");
  EXPECT_EQ(Json::parse(json.read_line()), Json({{"re", "ping"}, {"ok", true}}));
}

}  // namespace
}  // namespace rookery::system_test
