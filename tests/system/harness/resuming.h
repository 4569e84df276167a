// tests/system/harness/resuming.h
//
// What tests of `resume` have in common: asking, reading the answer with the events that it promised, and something to
// miss.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/system/harness/test_client.h"

namespace rookery::system_test {

// A message that somebody has seen.
struct Seen {
  std::string epoch;
  std::uint64_t seq = 0;
};

struct Resumed {
  JsonClient::Json reply;
  std::vector<JsonClient::Json> events = {};  // as many as the reply promised

  [[nodiscard]] std::vector<std::string> texts() const;
};

[[nodiscard]] JsonClient::Json resume_request(const Seen& seen);
[[nodiscard]] JsonClient::Json read_answer(JsonClient& client);
// Reads the promised events, which follow the answer with nothing between them, by rising numbers. Fails otherwise.
void read_events(
    JsonClient& client, std::uint64_t after, Resumed& resumed, const std::function<void()>& on_event = [] {});
// All of it.
[[nodiscard]] Resumed resume(JsonClient& client, const Seen& seen);

// These fail where the server refuses.
Seen say(JsonClient& client, const std::string& room, const std::string& text);
void join(JsonClient& client, const std::string& room);
void log_in(JsonClient& client, const std::string& name);  // with kPassword

// So many messages of 8,000 bytes that nobody else hears.
void make_noise(std::uint16_t port, int messages);
// Fills the 16 MiB of the log ring once over.
inline void turn_the_ring_over(std::uint16_t port) {
  make_noise(port, 2400);
}

}  // namespace rookery::system_test
