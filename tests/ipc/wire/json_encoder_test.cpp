// What programs read: each reply and event to the letter, and nasty strings through nlohmann's reader.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "ipc/wire/json_dialect.h"

namespace rookery::wire {
namespace {

const Dialect& json() {
  return dialect(DialectId::JsonLines);
}

// What `write` appends: one line, and JSON.
template <typename Write>
std::string written_json(Write write) {
  std::string out;
  write(out);
  EXPECT_EQ(out.find('\n'), out.size() - 1) << out;
  EXPECT_TRUE(nlohmann::json::accept(out)) << out;
  return out;
}

constexpr std::int64_t kMoment = 1795255200123;
constexpr std::string_view kNasty = "q\" b\\ n\n r\r t\t \x01 \x1B \x7F \xC2\x85 \xE2\x80\xA8 \xF0\x9F\x98\x80";

MessageEvent json_message_in(std::string_view room, std::string_view text) {
  return {.seq = 42, .epoch = "e1", .time = kMoment, .room = room, .to = {}, .from = {12, "alice"}, .text = text};
}

TEST(JsonEncoder, Events) {
  EXPECT_EQ(written_json([](auto& out) { json().message(out, json_message_in("#lobby", "hi")); }),
            R"({"event":"message","seq":42,"epoch":"e1","time":"2026-11-21T10:00:00.123Z","room":"#lobby",)"
            R"("from":{"client":12,"name":"alice"},"text":"hi"})"
            "\n");
  EXPECT_EQ(written_json([](auto& out) {
              MessageEvent direct = json_message_in("", "hi");
              direct.to = "bob";
              json().message(out, direct);
            }),
            R"({"event":"message","seq":42,"epoch":"e1","time":"2026-11-21T10:00:00.123Z","to":"bob",)"
            R"("from":{"client":12,"name":"alice"},"text":"hi"})"
            "\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().joined(out, "#a", {12, "alice"});
            }),
            "{\"event\":\"joined\",\"room\":\"#a\",\"from\":{\"client\":12,\"name\":\"alice\"}}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().left(out, "#a", {12, "alice"});
            }),
            "{\"event\":\"left\",\"room\":\"#a\",\"from\":{\"client\":12,\"name\":\"alice\"}}\n");
  EXPECT_EQ(written_json([](auto& out) { json().missed(out, 7); }), "{\"event\":\"missed\",\"count\":7}\n");
  EXPECT_EQ(written_json([](auto& out) { json().notice(out, "going down"); }),
            "{\"event\":\"notice\",\"text\":\"going down\"}\n");
  EXPECT_EQ(written_json([](auto& out) { json().dismissal(out, "out"); }),
            "{\"event\":\"notice\",\"text\":\"out\",\"final\":true}\n");
}

TEST(JsonEncoder, Replies) {
  EXPECT_EQ(written_json([](auto& out) {
              json().echo(out, {Op::Echo, "1"}, "hello");
            }),
            "{\"re\":\"echo\",\"id\":1,\"ok\":true,\"text\":\"hello\"}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().registered(out, {Op::Register, {}}, "alice");
            }),
            "{\"re\":\"register\",\"ok\":true,\"name\":\"alice\"}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().logged_in(out, {Op::Login, "null"}, {12, "alice"}, "e1", 7);
            }),
            "{\"re\":\"login\",\"id\":null,\"ok\":true,\"client\":12,\"name\":\"alice\",\"epoch\":\"e1\",\"seq\":7}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().logged_out(out, {Op::Logout, "\"x\""});
            }),
            "{\"re\":\"logout\",\"id\":\"x\",\"ok\":true}\n");
  for (const Op op : {Op::Broadcast, Op::Say, Op::Msg})
    EXPECT_EQ(written_json([op](auto& out) {
                json().accepted(out, {op, "[1]"}, 42, "e1", kMoment);
              }),
              "{\"re\":\"" + std::string(to_string(op)) +
                  "\",\"id\":[1],\"ok\":true,\"seq\":42,\"epoch\":\"e1\",\"time\":\"2026-11-21T10:00:00.123Z\"}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().membership(out, {Op::Join, {}}, "#a", 3);
            }),
            "{\"re\":\"join\",\"ok\":true,\"room\":\"#a\",\"members\":3}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().membership(out, {Op::Leave, {}}, "#a", 0);
            }),
            "{\"re\":\"leave\",\"ok\":true,\"room\":\"#a\",\"members\":0}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().presence(out, {Op::Presence, {}}, true);
            }),
            "{\"re\":\"presence\",\"ok\":true,\"on\":true}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().presence(out, {Op::Presence, {}}, false);
            }),
            "{\"re\":\"presence\",\"ok\":true,\"on\":false}\n");
  EXPECT_EQ(
      written_json([](auto& out) {
        json().counted(out, {Op::Count, {}}, {2, 11, 3, 1, 12.3456});
      }),
      "{\"re\":\"count\",\"ok\":true,\"words\":2,\"characters\":11,\"vowels\":3,\"odd_words\":1,\"ms\":12.346}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().resumed(out, {Op::Resume, "7"}, true, 3);
            }),
            "{\"re\":\"resume\",\"id\":7,\"ok\":true,\"recovered\":true,\"missed\":3}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().resumed(out, {Op::Resume, {}}, false, 0);
            }),
            "{\"re\":\"resume\",\"ok\":true,\"recovered\":false,\"missed\":0}\n");
  EXPECT_EQ(written_json([](auto& out) { json().pong(out, {Op::Ping, {}}); }), "{\"re\":\"ping\",\"ok\":true}\n");
  EXPECT_EQ(written_json([](auto& out) { json().bye(out, {Op::Quit, {}}); }), "{\"re\":\"quit\",\"ok\":true}\n");
}

TEST(JsonEncoder, Refusals) {
  EXPECT_EQ(written_json([](auto& out) {
              json().refused(out, {ErrorCode::NameTaken, "somebody has it", "register", "5"});
            }),
            "{\"re\":\"register\",\"id\":5,\"ok\":false,\"error\":\"name-taken\",\"message\":\"somebody has it\"}\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().refused(out, {ErrorCode::LineTooLong, "at most 8192 bytes", {}, {}});
            }),
            "{\"re\":null,\"ok\":false,\"error\":\"line-too-long\",\"message\":\"at most 8192 bytes\"}\n");
}

TEST(JsonEncoder, RepliesWithItems) {
  const std::string clients = written_json([](auto& out) {
    json().begin_items(out, {Op::List, "1"});
    json().client_item(out, 0, {12, "alice", 0, DialectId::Text, kMoment});
    json().client_item(out, 1, {13, "guest13", 1, DialectId::JsonLines, kMoment});
    json().client_item(out, 2, {14, "guest14", 1, DialectId::Undecided, kMoment});
    json().end_items(out, {Op::List, "1"}, 3);
  });
  EXPECT_EQ(clients, R"({"re":"list","id":1,"ok":true,"clients":[)"
                     R"({"client":12,"name":"alice","worker":0,"dialect":"text","since":"2026-11-21T10:00:00.123Z"},)"
                     R"({"client":13,"name":"guest13","worker":1,"dialect":"json","since":"2026-11-21T10:00:00.123Z"},)"
                     R"({"client":14,"name":"guest14","worker":1,"dialect":"-","since":"2026-11-21T10:00:00.123Z"}]})"
                     "\n");
  EXPECT_EQ(written_json([](auto& out) {
              json().begin_items(out, {Op::Rooms, {}});
              json().room_item(out, 0, {"#lobby", 7});
              json().room_item(out, 1, {"#a", 0});
              json().end_items(out, {Op::Rooms, {}}, 2);
            }),
            "{\"re\":\"rooms\",\"ok\":true,\"rooms\":[{\"room\":\"#lobby\",\"members\":7},{\"room\":\"#a\",\"members\":"
            "0}]}\n");
  const auto history = nlohmann::json::parse(written_json([](auto& out) {
    json().begin_items(out, {Op::History, {}});
    json().message_item(out, 0, json_message_in("#lobby", "one"));
    json().message_item(out, 1, json_message_in("*", "two"));
    json().end_items(out, {Op::History, {}}, 2);
  }));
  EXPECT_EQ(history["messages"].size(), 2U);
  EXPECT_EQ(history["messages"][1]["event"], "message");
  EXPECT_EQ(history["messages"][1]["room"], "*");
  EXPECT_EQ(written_json([](auto& out) {
              json().begin_items(out, {Op::History, {}});
              json().end_items(out, {Op::History, {}}, 0);
            }),
            "{\"re\":\"history\",\"ok\":true,\"messages\":[]}\n");
}

TEST(JsonEncoder, HelpListsEveryOp) {
  const auto reply = nlohmann::json::parse(written_json([](auto& out) { json().help(out, {Op::Help, {}}); }));
  ASSERT_EQ(reply["commands"].size(), kOpCount);
  for (std::size_t i = 0; i < kOpCount; ++i) EXPECT_EQ(reply["commands"][i], to_string(static_cast<Op>(i)));
}

TEST(JsonEncoder, NastyStringsComeBackWhole) {
  const auto message =
      nlohmann::json::parse(written_json([](auto& out) { json().message(out, json_message_in("#lobby", kNasty)); }));
  EXPECT_EQ(message["text"], kNasty);
  EXPECT_EQ(nlohmann::json::parse(written_json([](auto& out) {
              json().echo(out, {Op::Echo, {}}, kNasty);
            }))["text"],
            kNasty);
  EXPECT_EQ(nlohmann::json::parse(written_json([](auto& out) { json().notice(out, kNasty); }))["text"], kNasty);
  const auto refusal = nlohmann::json::parse(written_json([](auto& out) {
    json().refused(out, {ErrorCode::BadCommand, std::string(kNasty), kNasty, "\"\\\"\""});
  }));
  EXPECT_EQ(refusal["re"], kNasty);
  EXPECT_EQ(refusal["message"], kNasty);
  EXPECT_EQ(refusal["id"], "\"");
}

TEST(JsonEncoder, NoDurationBreaksALine) {
  for (const double ms : {std::nan(""), std::numeric_limits<double>::infinity(), -1.0, 1e308}) {
    const auto reply = nlohmann::json::parse(written_json([ms](auto& out) {
      json().counted(out, {Op::Count, {}}, {0, 0, 0, 0, ms});
    }));
    EXPECT_TRUE(reply["ms"].is_number());
  }
}

TEST(JsonEncoder, ARequestWrittenByNlohmannComesBackInItsReply) {
  const nlohmann::json request = {{"op", "echo"}, {"id", {{"k", {1, 2.5, nullptr, kNasty}}}}, {"text", kNasty}};
  const std::string line = request.dump();
  CommandStorage storage;
  const ParseOutcome outcome = json().parse(line, storage);
  ASSERT_TRUE(std::holds_alternative<Command>(outcome));
  const auto& command = std::get<Command>(outcome);
  const auto reply = nlohmann::json::parse(written_json([&](auto& out) {
    json().echo(out, {command.op, command.id}, command.text);
  }));
  EXPECT_EQ(reply["id"], request["id"]);
  EXPECT_EQ(reply["text"], request["text"]);
}

}  // namespace
}  // namespace rookery::wire
