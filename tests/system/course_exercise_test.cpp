// The exercise this server grew out of, as written: a hundred clients at once, half of them registering new accounts
// while the other half log in, converse and log out.
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <barrier>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

const std::size_t kPeople = kSanitized ? 40 : 100;

TEST(CourseExercise, HalfRegisterWhileTheOthersTalk) {
  const ServerProcess server({"--workers", "2"});
  const std::size_t half = kPeople / 2;
  in_threads(4, [&](std::size_t part) {
    for (std::size_t i = part; i < half; i += 4) make_account(server, "old" + std::to_string(i));
  });

  std::barrier together(static_cast<std::ptrdiff_t>(kPeople));
  std::atomic<std::size_t> conversed = 0;
  in_threads(kPeople, [&](std::size_t i) {
    TextClient client(server.port());
    client.sync();
    together.arrive_and_wait();
    if (i < half) {
      const std::string name = "old" + std::to_string(i);
      client.log_in(name, kPassword);
      EXPECT_TRUE(client.ask("/broadcast hello from " + name).starts_with("OK "));
      EXPECT_EQ(client.ask("plain text"), "Echo: plain text");
      EXPECT_TRUE(client.ask("/count what " + name + " wrote").starts_with("OK words=3 "));
      client.sync();
      EXPECT_THAT(client.events(), testing::Contains(testing::EndsWith("): hello from " + name)));
      EXPECT_EQ(client.ask("/logout"), "OK logged out");
      ++conversed;
    } else {
      const std::string name = "new" + std::to_string(i);
      EXPECT_EQ(client.ask("/register " + name + " correct-horse"), "OK registered " + name);
    }
    EXPECT_EQ(client.ask("/quit"), "OK bye");
    client.read_to_end();
  });
  EXPECT_EQ(conversed, half);
  eventually("all have gone", [&] { return server.client_count() == 0; });

  for (const std::size_t i : {half, kPeople - 1}) {
    TextClient client(server.port());
    client.log_in("new" + std::to_string(i), kPassword);
  }
}

TEST(CourseExercise, OneOfManyGetsTheNameAndOnlyItsPasswordWorks) {
  const ServerProcess server({"--workers", "3"});
  constexpr std::size_t kRivals = 24;
  constexpr std::array<std::string_view, 3> kSpellings{"Wanted", "wanted", "WANTED"};
  const auto password = [](std::size_t i) { return "password-" + std::to_string(i); };
  std::barrier together(static_cast<std::ptrdiff_t>(kRivals));
  std::array<std::string, kRivals> replies;
  in_threads(kRivals, [&](std::size_t i) {
    TextClient client(server.port());
    client.sync();
    together.arrive_and_wait();
    replies[i] = client.ask("/register " + std::string(kSpellings[i % kSpellings.size()]) + " " + password(i));
  });

  std::vector<std::size_t> winners;
  for (std::size_t i = 0; i < kRivals; ++i) {
    if (replies[i].starts_with("OK registered "))
      winners.push_back(i);
    else
      EXPECT_TRUE(replies[i].starts_with("ERR name-taken ")) << replies[i];
  }
  ASSERT_EQ(winners.size(), 1u);
  in_threads(kRivals, [&](std::size_t i) {
    TextClient client(server.port());
    const std::string reply = client.ask("/login wanted " + password(i));
    if (i == winners.front())
      EXPECT_TRUE(reply.starts_with("OK logged in as " + std::string(kSpellings[i % kSpellings.size()]))) << reply;
    else
      EXPECT_TRUE(reply.starts_with("ERR bad-credentials ")) << reply;
  });
}

}  // namespace
}  // namespace rookery::system_test
