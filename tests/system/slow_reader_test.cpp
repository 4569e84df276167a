// A client that does not read costs the server a bounded amount of memory and the others nothing; it is told exactly
// how much it has missed.
#include <gmock/gmock.h>

#include <atomic>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/scrape.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

constexpr std::size_t kTextBytes = 8000;
// More than the log ring holds: what the server itself is late with is read from there, however slowly.
const std::size_t kFloodMessages = (kSanitized ? 20'000'000 : 50'000'000) / kTextBytes;
const std::uint64_t kMostGrowthBytes =
    (kSanitized ? 400 : 20) * 1024 * 1024;  // AddressSanitizer keeps 256 MiB that were freed

// Who takes nothing for 30 s is closed. Where the whole test takes so long, this keeps the slow one alive.
constexpr std::chrono::seconds kSip{8};

TEST(SlowReader, IsToldWhatItMissedAndCostsNobodyAnything) {
  const ServerProcess server({"--workers", "2"});
  JsonClient slow(server.port(), {.receive_buffer_bytes = 16 * 1024});
  JsonClient sender(server.port());
  JsonClient fast(server.port());
  for (JsonClient* each : {&slow, &sender, &fast}) each->sync();
  const std::vector<pid_t> workers{server.worker_pid(0), server.worker_pid(1)};
  std::vector<std::uint64_t> before;
  for (const pid_t worker : workers) before.push_back(memory_bytes(worker));

  const std::string padding(kTextBytes, 'x');
  std::atomic<bool> all_received = false;
  auto next_sip = Clock::now() + kSip;
  std::vector<std::uint64_t> most(workers.size(), 0);
  in_threads(3, [&](std::size_t part) {
    if (part == 0) {
      for (std::size_t i = 0; i < kFloodMessages; ++i) {
        sender.send_json({{"op", "broadcast"}, {"text", std::to_string(i) + " " + padding.substr(0, kTextBytes - 8)}});
        if (i % 64 == 63) sender.sync();  // takes what has come
      }
      sender.sync();
    } else if (part == 1) {
      for (std::size_t i = 0; i < kFloodMessages; ++i) {
        const std::string line = fast.read_line();
        ASSERT_NE(line.find(",\"text\":\"" + std::to_string(i) + " "), std::string::npos) << line.substr(0, 200);
      }
      all_received = true;
    } else {
      eventually(
          "the others have everything",
          [&] {
            for (std::size_t i = 0; i < workers.size(); ++i) most[i] = std::max(most[i], memory_bytes(workers[i]));
            if (Clock::now() >= next_sip) {
              slow.take_a_little();
              next_sip += kSip;
            }
            return all_received.load();
          },
          4 * kPatience);
    }
  });
  for (std::size_t i = 0; i < workers.size(); ++i)
    EXPECT_LT(most[i], before[i] + kMostGrowthBytes) << "worker " << i << ", before: " << before[i];

  EXPECT_EQ(sender.ask({{"op", "broadcast"}, {"text", "the end"}})["ok"], true);
  std::uint64_t received = 0;
  std::uint64_t missed = 0;
  std::uint64_t last_seq = 0;
  for (bool end = false; !end;) {
    const Json line = Json::parse(slow.read_line());
    ASSERT_TRUE(line.contains("event")) << line;
    if (line["event"] == "missed") {
      missed += line["count"].get<std::uint64_t>();
      continue;
    }
    ASSERT_EQ(line["event"], "message");
    ASSERT_GT(line["seq"].get<std::uint64_t>(), last_seq);
    last_seq = line["seq"].get<std::uint64_t>();
    if (line["text"] == "the end")
      end = true;
    else
      ++received;
  }
  EXPECT_GT(missed, 0u);
  EXPECT_EQ(received + missed, kFloodMessages);
  EXPECT_EQ(slow.ask({{"op", "echo"}, {"text", "as if nothing had been"}})["ok"], true);
  EXPECT_EQ(slow.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "I am back"}})["ok"], true);
  fast.expect_event([](const Json& e) { return e.value("text", "") == "I am back"; });
}

double tape_bytes(const std::string& metrics) {
  return scrape_metrics(metrics).sum("rookery_tape_bytes");
}

// The tape of each room stays below its own bound, so this one reader would keep 50 MB of messages in memory.
TEST(SlowReader, InManyRoomsIsPassedOverAndTheOthersMissNothing) {
  constexpr std::size_t kRooms = 64;
  constexpr std::size_t kPerRoom = 100;
  constexpr std::size_t kMessages = kRooms * kPerRoom;
  const double kMostTapeBytes = 32.0 * 1024 * 1024;
  const ServerProcess server({"--workers", "1", "--metrics", "127.0.0.1:0", "--max-line-rate", "0"});
  const std::string metrics = metrics_address(server);
  JsonClient slow(server.port(), {.receive_buffer_bytes = 16 * 1024});
  JsonClient sender(server.port());
  JsonClient fast(server.port());
  const auto room = [](std::size_t i) { return "#r" + std::to_string(i % kRooms); };
  for (JsonClient* each : {&slow, &sender, &fast})
    for (std::size_t i = 0; i < kRooms; ++i) ASSERT_EQ(each->ask({{"op", "join"}, {"room", room(i)}})["ok"], true);
  const pid_t worker = server.worker_pid(0);
  const std::uint64_t before = memory_bytes(worker);

  const std::string padding(kTextBytes - 8, 'x');
  std::atomic<bool> all_received = false;
  auto next_sip = Clock::now() + kSip;
  std::uint64_t most = 0;
  double most_on_tapes = 0;
  in_threads(3, [&](std::size_t part) {
    if (part == 0) {
      for (std::size_t i = 0; i < kMessages; ++i) {
        sender.send_json({{"op", "say"}, {"room", room(i)}, {"text", std::to_string(i) + " " + padding}});
        if (i % 64 == 63) sender.sync();  // takes what has come
      }
      sender.sync();
    } else if (part == 1) {
      for (std::size_t i = 0; i < kMessages; ++i) {
        const std::string line = fast.read_line();
        ASSERT_NE(line.find(",\"text\":\"" + std::to_string(i) + " "), std::string::npos) << line.substr(0, 200);
      }
      all_received = true;
    } else {
      eventually(
          "the others have everything",
          [&] {
            most = std::max(most, memory_bytes(worker));
            most_on_tapes = std::max(most_on_tapes, tape_bytes(metrics));
            if (Clock::now() >= next_sip) {
              slow.take_a_little();
              next_sip += kSip;
            }
            return all_received.load();
          },
          4 * kPatience);
    }
  });
  EXPECT_LE(most_on_tapes, kMostTapeBytes);
  EXPECT_GT(most_on_tapes, kMostTapeBytes / 4) << "the slow one must make the tapes hold something";
  if (!kSanitized) {
    EXPECT_LT(most, before + 2 * static_cast<std::uint64_t>(kMostTapeBytes));
  }

  EXPECT_EQ(sender.ask({{"op", "say"}, {"room", room(0)}, {"text", "the end"}})["ok"], true);
  std::uint64_t received = 0;
  std::uint64_t missed = 0;
  for (bool end = false; !end;) {
    const Json line = Json::parse(slow.read_line());
    ASSERT_TRUE(line.contains("event")) << line;
    if (line["event"] == "missed")
      missed += line["count"].get<std::uint64_t>();
    else if (line["text"] == "the end")
      end = true;
    else
      ++received;
  }
  EXPECT_GT(missed, 0U);
  EXPECT_EQ(received + missed, kMessages);
  slow.close();
  eventually("the tapes are given back", [&] { return tape_bytes(metrics) < kMostTapeBytes / 4; });
}

TEST(SlowReader, OfItsOwnRepliesIsHeldBackAndThenGetsThemAll) {
  const ServerProcess server({"--workers", "1"});
  TextClient slow(server.port(), {.receive_buffer_bytes = 16 * 1024});
  TextClient other(server.port());
  other.sync();
  const std::string padding(4000, 'p');
  constexpr int kEchoes = 2000;  // 8 MB, more than socket buffers and the server's own hold
  in_threads(2, [&](std::size_t part) {
    if (part == 0) {
      for (int i = 0; i < kEchoes; ++i) slow.send_line(std::to_string(i) + padding);  // reads only when it must
    } else {
      for (int i = 0; i < 200; ++i) other.sync();
    }
  });
  slow.send_line("the end");
  slow.read_until("the last echo", [](const std::string& line) { return line == "Echo: the end"; });
  ASSERT_EQ(slow.lines().size(), static_cast<std::size_t>(kEchoes) + 1);
  for (std::size_t i = 0; i < kEchoes; ++i) ASSERT_EQ(slow.lines()[i], "Echo: " + std::to_string(i) + padding);
}

}  // namespace
}  // namespace rookery::system_test
