// What people read: each reply and event of the text dialect to the letter.
#include <gtest/gtest.h>

#include <string>

#include "ipc/wire/text_dialect.h"

namespace rookery::wire {
namespace {

const Dialect& text() {
  return dialect(DialectId::Text);
}

// What `write` appends, as a whole.
template <typename Write>
std::string written_text(Write write) {
  std::string out;
  write(out);
  return out;
}

MessageEvent text_message_in(std::string_view room, std::string_view text) {
  return {.seq = 42, .epoch = "e1", .time = 0, .room = room, .to = {}, .from = {12, "alice"}, .text = text};
}

TEST(TextEncoder, Events) {
  EXPECT_EQ(written_text([](auto& out) { text().message(out, text_message_in("#lobby", "hi")); }),
            "[#lobby] alice(12): hi\n");
  EXPECT_EQ(written_text([](auto& out) { text().message(out, text_message_in("*", "hi")); }), "[*] alice(12): hi\n");
  EXPECT_EQ(written_text([](auto& out) {
              MessageEvent direct = text_message_in("", "hi");
              direct.to = "bob";
              text().message(out, direct);
            }),
            "[@] alice(12): hi\n");
  EXPECT_EQ(written_text([](auto& out) { text().joined(out, "#a", {12, "alice"}); }), "[#a] + alice(12) joined\n");
  EXPECT_EQ(written_text([](auto& out) { text().left(out, "#a", {12, "alice"}); }), "[#a] - alice(12) left\n");
  EXPECT_EQ(written_text([](auto& out) { text().missed(out, 18446744073709551615U); }),
            "[!] missed 18446744073709551615 messages\n");
  EXPECT_EQ(written_text([](auto& out) { text().notice(out, "going down"); }), "[!] going down\n");
}

TEST(TextEncoder, NobodyForgesALineOrDrivesATerminal) {
  EXPECT_EQ(written_text([](auto& out) { text().message(out, text_message_in("#a", "x\nOK 5\r\n\x1B[2J\tend")); }),
            "[#a] alice(12): x OK 5  \uFFFD[2J\tend\n");
  EXPECT_EQ(written_text([](auto& out) { text().echo(out, {}, "a\rb\x1B"); }), "Echo: a b\uFFFD\n");
  EXPECT_EQ(written_text([](auto& out) { text().notice(out, "a\nb"); }), "[!] a b\n");
  EXPECT_EQ(written_text([](auto& out) {
              text().refused(out, {ErrorCode::RateLimited, "slow\ndown", {}, {}});
            }),
            "ERR rate-limited slow down\n");
}

TEST(TextEncoder, Replies) {
  const RequestTag tag{};
  EXPECT_EQ(written_text([&](auto& out) { text().echo(out, tag, "hello"); }), "Echo: hello\n");
  EXPECT_EQ(written_text([&](auto& out) { text().echo(out, tag, ""); }), "Echo: \n");
  EXPECT_EQ(written_text([&](auto& out) { text().registered(out, tag, "alice"); }), "OK registered alice\n");
  EXPECT_EQ(written_text([&](auto& out) {
              text().logged_in(out, tag, {12, "alice"}, "e1", 7);
            }),
            "OK logged in as alice, client 12\n");
  EXPECT_EQ(written_text([&](auto& out) { text().logged_out(out, tag); }), "OK logged out\n");
  EXPECT_EQ(written_text([&](auto& out) { text().accepted(out, {Op::Say, {}}, 42, "e1", 0); }), "OK 42\n");
  EXPECT_EQ(written_text([&](auto& out) {
              text().membership(out, {Op::Join, {}}, "#a", 3);
            }),
            "OK joined #a, 3 members\n");
  EXPECT_EQ(written_text([&](auto& out) {
              text().membership(out, {Op::Leave, {}}, "#a", 0);
            }),
            "OK left #a, 0 members\n");
  EXPECT_EQ(written_text([&](auto& out) { text().presence(out, tag, true); }), "OK presence on\n");
  EXPECT_EQ(written_text([&](auto& out) { text().presence(out, tag, false); }), "OK presence off\n");
  EXPECT_EQ(written_text([&](auto& out) {
              text().counted(out, tag, {2, 11, 3, 1, 0.0416});
            }),
            "OK words=2 characters=11 vowels=3 odd-words=1 ms=0.042\n");
  EXPECT_EQ(written_text([&](auto& out) { text().pong(out, tag); }), "OK pong\n");
  EXPECT_EQ(written_text([&](auto& out) { text().bye(out, tag); }), "OK bye\n");
  EXPECT_EQ(written_text([&](auto& out) {
              text().refused(out, {ErrorCode::NoSuchRoom, "no room #x", "say", "1"});
            }),
            "ERR no-such-room no room #x\n");
}

TEST(TextEncoder, RepliesWithItems) {
  EXPECT_EQ(written_text([](auto& out) {
              text().begin_items(out, {Op::List, {}});
              text().client_item(out, 0, {12, "alice", 0, DialectId::Text, 0});
              text().client_item(out, 1, {13, "guest13", 1, DialectId::JsonLines, 0});
              text().end_items(out, {Op::List, {}}, 2);
            }),
            "12 alice 0\n13 guest13 1\nOK 2 clients\n");
  EXPECT_EQ(written_text([](auto& out) {
              text().begin_items(out, {Op::Rooms, {}});
              text().room_item(out, 0, {"#lobby", 7});
              text().end_items(out, {Op::Rooms, {}}, 1);
            }),
            "#lobby 7\nOK 1 rooms\n");
  EXPECT_EQ(written_text([](auto& out) {
              text().begin_items(out, {Op::History, {}});
              text().message_item(out, 0, text_message_in("#lobby", "a\nb"));
              text().end_items(out, {Op::History, {}}, 1);
            }),
            "[#lobby] alice(12): a b\nOK 1 messages\n");
  EXPECT_EQ(written_text([](auto& out) {
              text().begin_items(out, {Op::History, {}});
              text().end_items(out, {Op::History, {}}, 0);
            }),
            "OK 0 messages\n");
}

TEST(TextEncoder, HelpNamesEveryCommandAndEndsWithOk) {
  const std::string help = "\n" + written_text([](auto& out) { text().help(out, {}); });
  for (std::size_t i = 1; i < kOpCount; ++i) {
    if (static_cast<Op>(i) == Op::Resume) continue;  // for programs: it needs numbers that texts do not show
    const std::string line_start = "\n/" + std::string(to_string(static_cast<Op>(i)));
    EXPECT_NE(help.find(line_start), std::string::npos) << line_start;
  }
  EXPECT_TRUE(help.ends_with("\nOK help\n"));
}

}  // namespace
}  // namespace rookery::wire
