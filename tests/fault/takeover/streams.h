// tests/fault/takeover/streams.h
//
// Many clients that know the exact stream they must receive, in one thread, while a test does to the server what it
// likes.
//
//   Streams streams(server.port(), setup);   // returns when all are in their rooms
//   streams.wait_for_progress(20);
//   ... kills ...
//   const StreamsReport report = streams.finish();
//   EXPECT_TRUE(report.exact()) << report;
//
// What each stream must be is told in answer.h (answers), book.h (the chat) and stream_client.h (the stream as a
// whole). Beside those who stay there are visitors: they come, ask some lines, and go, by /quit or by ending their
// sending.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/fault/takeover/census.h"
#include "tests/fault/takeover/stream_client.h"

namespace rookery::system_test {

struct StreamsSetup {
  std::uint64_t seed = 1;
  std::size_t talkers = 24;  // half of them speak JSON
  std::size_t slow = 8;      // likewise, read slowly through a small socket buffer
  std::size_t resumers = 2;  // JSON
  std::size_t visitors = 6;  // at a time
  std::size_t rooms = 5;
  // Rooms for people who come and go; some who stay are in them too, and nobody who is told of it.
  std::vector<std::string> doors{"#door-0", "#door-1"};
  bool broadcasts = true;      // if not, old messages are asked for in the text dialect too
  bool own_addresses = false;  // each from a loopback address of its own
  std::string host = {};       // where the server is; empty: loopback. Elsewhere no history is compared
  bool some_leave = false;     // somebody is closed in doubt, and those who watch are told that he left
  // In the thread of the streams, when all is acknowledged, the visitors have gone and those who stay are silent.
  std::function<void(const Census&)> at_rest = {};
  double posts_per_second = 300.0 / kSlowness;
  double passwords_per_second = 12.0 / kSlowness;
};

struct StreamsReport {
  Verdict verdict;
  std::uint64_t connections = 0;
  std::uint64_t cut = 0;        // closed where more was due
  std::uint64_t hinted = 0;     // closed in doubt, with the advice to resume
  std::uint64_t too_early = 0;  // visitors closed before the server had sent them a byte
  std::uint64_t received_lines = 0, received_bytes = 0, sent_bytes = 0;
  std::uint64_t posts = 0, events = 0;
  std::chrono::milliseconds longest_wait{0};  // of anybody for his next byte

  // Whoever was in custody got every byte, and once.
  [[nodiscard]] bool exact() const noexcept { return cut + hinted + verdict.count() == 0; }
};
std::ostream& operator<<(std::ostream& out, const StreamsReport& report);

// Why the server gave somebody up: such lines of its log, for who looks for the reason of a finding.
[[nodiscard]] std::string doubts_in(const std::string& log);

class Streams final {
 public:
  Streams(std::uint16_t port, StreamsSetup setup);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  // Each who stays, and is still there, has received so many lines more. Throws TimedOut.
  void wait_for_progress(std::uint64_t more, std::chrono::milliseconds within = kPatience) const;
  // Everybody ends his sentence and gets what is due; then the chat as a whole is judged, and compared with the rooms'
  // histories.
  StreamsReport finish();
  // The id of one who stays, as /list has it; how many these are.
  [[nodiscard]] std::uint64_t id_of(std::size_t index) const {
    return common_->book.id_of(static_cast<std::uint32_t>(index));
  }
  [[nodiscard]] std::size_t size() const noexcept { return staying_.size(); }
  [[nodiscard]] Standing standing_of(std::size_t index) const { return staying_.at(index)->standing(); }
  [[nodiscard]] std::uint64_t visits() const noexcept { return visits_; }
  // Somebody stands still: what more is done to the server shows nothing.
  [[nodiscard]] bool has_failed() const noexcept { return failed_; }

 private:
  using Clients = std::vector<std::unique_ptr<StreamClient>>;

  void learn(std::uint16_t port);
  void people(std::uint16_t port);
  void run();
  void turn();
  void turn_until_idle();
  void receive_visitors();
  void dismiss_visitors();
  void take_leave();
  [[nodiscard]] Census census() const;
  void stand_still(const StreamClient& client);
  void account_for(const StreamClient& client);
  void compare_with_history();

  std::uint16_t port_;
  StreamsSetup setup_;
  std::mt19937_64 random_;
  std::unique_ptr<Common> common_;
  Clients staying_;
  Clients visiting_;
  StreamsReport report_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<std::uint64_t> visits_ = 0;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace rookery::system_test
