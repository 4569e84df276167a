// tests/bench/support/contest.h
//
// Servers that bring messages to the same crowd, in turns: what a round of each has cost.
//
//     Contestant rookery = Contestant::of_server("Rookery", server, dialect, {.readers = 1000, .senders = 10});
//     const Lines lines = learn_lines(rookery);           // what the bare servers are to send
//     const Round round = run_round(rookery, 8, 2.0);     // eight messages under way of each sender, for two seconds
//
// The first `senders` clients of a crowd speak. A message is under way until its answer has come, which in Rookery
// means that it is on disk. All deliveries of a round are awaited, so the server rests when its processor time is read.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/support/bare_server.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/lines.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

struct Load {
  std::size_t readers = 1000;
  std::size_t senders = 1;
  std::size_t text_bytes = 100;

  [[nodiscard]] std::size_t clients() const noexcept { return readers + senders; }
};

struct Contestant {
  std::string name;
  std::vector<pid_t> processes;
  Crowd crowd;
  std::size_t senders = 1;
  std::string say;                                                     // what a sender sends
  pid_t ledger = 0;                                                    // one of `processes`, where there is one
  bool senders_hear = true;                                            // a message comes to its sender too
  std::size_t lines_each = 1;                                          // lines of a message, as it arrives
  std::vector<LineCutter> answers = std::vector<LineCutter>(senders);  // of each sender

  [[nodiscard]] static Contestant of_server(const std::string& name, const ServerUnderTest& server,
                                            DialectChoice dialect, const Load& load);
  [[nodiscard]] static Contestant of_bare(const std::string& name, const BareServer& server, DialectChoice dialect,
                                          const Load& load);

  [[nodiscard]] std::size_t listeners() const noexcept { return crowd.size() - (senders_hear ? 0 : senders); }
  [[nodiscard]] std::uint64_t cpu_ns() const;
};

struct Round {
  std::uint64_t messages = 0;
  double messages_per_second = 0;
  double deliveries_per_second = 0;
  double cpu_us = 0;              // of a delivery, all processes of the server
  double ledger_share = 0;        // of it
  double kernel_share = 0;        // likewise; known in ticks of 10 ms only
  double messages_per_write = 0;  // as the last client got them
  double generator_cores = 0;     // processor time of this process, by the wall clock: 1 is its limit
  double latency_us = 0;          // median of all deliveries, where it was asked for
};

// Throws std::runtime_error when deliveries or answers are missing, or one comes twice.
[[nodiscard]] Round run_round(Contestant& server, std::size_t window, double seconds, bool latencies = false);

// The first sender sends `burst` messages at once, and again when all clients have them; for the answers it waits at
// the end only, so that the disk does not set the pace.
[[nodiscard]] Round run_bursts(Contestant& server, std::size_t burst, double seconds);

struct Lines {
  std::string message;
  std::string answer;
};

// What a message and its answer look like, so that the bare servers send the same bytes.
[[nodiscard]] Lines learn_lines(Contestant& rookery);

[[nodiscard]] std::size_t count_lines(std::string_view bytes);

// Processor time of this process, all its threads.
[[nodiscard]] std::uint64_t own_cpu_ns();

// Rounds of one contestant: values of a member, and what is made of them.
class Rounds final {
 public:
  void add(const Round& round) { rounds_.push_back(round); }
  [[nodiscard]] double median_of(double Round::*member) const;
  // Median of the rounds' ratios: what else the machine does meets both of a round alike.
  [[nodiscard]] double ratio_to(const Rounds& other, double Round::*member) const;

 private:
  std::vector<Round> rounds_;
};

}  // namespace rookery::bench
