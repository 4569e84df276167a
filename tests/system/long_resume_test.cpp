// resume of more than socket buffers, and the log ring, hold.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "tests/system/harness/people.h"
#include "tests/system/harness/resuming.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

// A backlog of large messages, more than the socket buffers hold.
class LongResume : public ::testing::Test {
 protected:
  static constexpr int kInTheRing = 1500;      // some 12 MB
  static constexpr int kMoreThanARing = 2500;  // some 20 MB

  static Seen fill(std::uint16_t port, int messages) {
    JsonClient client(port);
    join(client, "#long");
    const Seen seen = say(client, "#long", "seen");
    const std::string padding(7900, 'x');
    for (int i = 0; i < messages; ++i)
      client.send_json({{"op", "say"}, {"room", "#long"}, {"text", std::to_string(i) + " " + padding}});
    client.sync();
    return seen;
  }

  static void expect_all(
      const Json& answer, JsonClient& client, const Seen& seen, std::uint64_t messages,
      const std::function<void()>& on_event = [] {}) {
    Resumed resumed{answer};
    ASSERT_EQ(resumed.reply["recovered"], true) << resumed.reply;
    ASSERT_EQ(resumed.reply["missed"], messages);
    read_events(client, seen.seq, resumed, on_event);
    for (std::size_t i = 0; i < messages; ++i)
      ASSERT_TRUE(resumed.events[i]["text"].get<std::string>().starts_with(std::to_string(i) + " ")) << i;
  }
};

TEST_F(LongResume, OfAClientThatDoesNotReadHarmsNobodyAndGoesOnFromTheStore) {
  const ServerProcess server({"--workers", "1"});
  const Seen seen = fill(server.port(), kInTheRing);
  JsonClient slow(server.port(), {.receive_buffer_bytes = 16 * 1024});
  join(slow, "#long");
  slow.send_json(resume_request(seen));
  const Json answer = read_answer(slow);
  JsonClient other(server.port());
  for (int i = 0; i < 200; ++i) other.sync();
  // Until what is still to be given is in the store alone. Who takes nothing at all for 30 s is closed.
  std::atomic<bool> turned = false;
  in_threads(2, [&](std::size_t part) {
    if (part == 0) {
      turn_the_ring_over(server.port());
      turned = true;
      return;
    }
    auto next_sip = Clock::now() + std::chrono::seconds{8};
    eventually(
        "the ring has been turned over",
        [&] {
          if (Clock::now() >= next_sip) {
            slow.take_a_little();
            next_sip += std::chrono::seconds{8};
          }
          return turned.load();
        },
        4 * kPatience);
  });
  expect_all(answer, slow, seen, kInTheRing);
}

// Many who look through the whole ring, as after a worker's death. They take turns with everybody else: others are
// served many times before the last of them has its answer.
TEST_F(LongResume, OfManyAtOnceLetsOthersIn) {
  const ServerProcess server({"--workers", "1"});
  constexpr std::size_t kClients = 60;
  JsonClient other(server.port());
  const Seen seen = say(other, "#lobby", "seen");
  make_noise(server.port(), 1500);
  say(other, "#lobby", "missed");
  std::vector<std::unique_ptr<JsonClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) clients.push_back(std::make_unique<JsonClient>(server.port()));
  for (const auto& client : clients) client->sync();

  for (const auto& client : clients) client->send_json(resume_request(seen));
  int pongs = 0;
  for (bool answered = false; !answered; ++pongs) {
    other.sync();
    clients.back()->poll_lines();
    answered = std::ranges::any_of(clients.back()->lines(),
                                   [](const std::string& line) { return line.starts_with(R"({"re":"resume")"); });
  }
  EXPECT_GE(pongs, 5) << "with all answers before it there is one; this client itself may be slow";
  for (std::size_t i = 0; i + 1 < kClients; ++i) EXPECT_EQ(read_answer(*clients[i])["missed"], 1);
}

TEST_F(LongResume, BeginsInTheStoreAndEndsInTheRing) {
  const ServerProcess server({"--workers", "1"});
  const Seen seen = fill(server.port(), kMoreThanARing);
  JsonClient client(server.port());
  join(client, "#long");
  client.send_json(resume_request(seen));
  expect_all(read_answer(client), client, seen, kMoreThanARing);
}

TEST_F(LongResume, GoesOnWithAnotherLedger) {
  ServerProcess server({"--workers", "1"});
  const Seen seen = fill(server.port(), kMoreThanARing);
  turn_the_ring_over(server.port());
  const std::size_t kRounds = kSanitized ? 2 : 4;
  for (std::size_t round = 0; round < kRounds; ++round) {
    JsonClient client(server.port());
    join(client, "#long");
    const pid_t ledger = server.ledger_pid();
    std::atomic<std::size_t> read = 0;
    in_threads(2, [&](std::size_t part) {
      if (part == 0) {
        client.send_json(resume_request(seen));
        expect_all(read_answer(client), client, seen, kMoreThanARing, [&read] { ++read; });
      } else {  // while it is asked for one page after the other
        eventually("a part of it is there", [&] { return read >= round * 600; });
        server.kill_child(ledger);
      }
    });
    server.wait_until_all_serve({ledger});
  }
}

}  // namespace
}  // namespace rookery::system_test
