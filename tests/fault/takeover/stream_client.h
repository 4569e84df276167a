// tests/fault/takeover/stream_client.h
//
// One connection that says its script in random pieces, reads what comes in random pieces, and judges every byte of it.
//
// The model, in words. What the server sends is a row of whole lines, nothing before, between or behind them. Each line
// is
//   the next line of the oldest request that has no whole answer yet, just as answer.h has it; or
//   an event, just as book.h has it, and that only between two answers or two lines of a list.
// There is nothing else: no notice, no "missed", no "left", no line twice, none torn. The end of the stream comes after
// /quit, or after the client's own end of sending, behind the last answer, and never before.
// The one exception is a server in doubt: it may end the line it is in, hint that one should connect again and resume,
// and close. Whoever drives the client says whether that may be.
//
// How it is driven  poll() says when the descriptor is ready: wants() which for, turn() does one step. Never blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "tests/fault/takeover/script.h"

namespace rookery::system_test {

struct Manners {
  bool slow = false;           // small socket buffer, a few bytes at a time, pauses
  std::size_t under_way = 16;  // requests without an answer
  std::uint64_t lines = 0;     // a visitor: so many, then it goes; 0: stays
  bool half_closes = false;    // a visitor says its last line and ends its sending, in place of /quit
  std::string address;         // another loopback address to come from
  std::string host;            // the server\'s; empty: loopback
};

enum class Standing : std::uint8_t {
  Open,
  Ended,     // as it should
  Hinted,    // closed with the advice to connect again and resume
  TooEarly,  // closed before the server had sent anything
  Cut        // closed where more was due
};

class StreamClient final {
 public:
  StreamClient(std::uint16_t port, Who who, Manners manners, Common& common, std::uint64_t seed);
  ~StreamClient();
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  // What is said next, each once the client is idle.
  void enter() { script_.enter(said_); }
  void settle() { script_.settle(said_); }
  void barrier() { script_.barrier(said_); }
  void leave();
  void talk(bool on) noexcept { talks_ = on; }
  void hurry() noexcept { hurries_ = true; }  // slow no more

  [[nodiscard]] short wants();
  void turn(short ready);

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // Nothing to send, nothing to wait for.
  [[nodiscard]] bool idle() const noexcept { return said_.bytes.empty() && said_.expected.empty(); }
  [[nodiscard]] bool open() const noexcept { return standing_ == Standing::Open; }  // any thread
  [[nodiscard]] Standing standing() const noexcept { return standing_; }            // any thread
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }             // any thread
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t sent_bytes() const noexcept { return sent_; }
  [[nodiscard]] Clock::duration longest_wait() const noexcept { return longest_wait_; }
  [[nodiscard]] Clock::duration waits_since() const;
  [[nodiscard]] const Listener& listener() const noexcept { return listener_; }
  [[nodiscard]] const Who& who() const noexcept { return script_.who(); }
  [[nodiscard]] const Script& script() const noexcept { return script_; }
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string state() const;  // in words, for who looks for what it waits for

 private:
  void say();
  void send_piece();
  void read_piece();
  void take(std::string_view line);
  [[nodiscard]] bool take_answer(std::string_view line);
  [[nodiscard]] bool take_list_line(Answer& answer, std::string_view line);
  void answered(const Answer& answer, const Captured& captured);
  void take_event(std::string_view line);
  void end(bool cleanly);
  void wrong(const std::string& what, std::string_view line);
  void settle_unsure();
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  void close() noexcept;

  Common& common_;
  Script script_;
  Manners manners_;
  Listener listener_;
  std::mt19937_64 random_;
  int descriptor_ = -1;
  Said said_;
  std::string pending_;  // half a line
  std::string unsure_;   // a line that is wrong, unless the next one is the hint: then it was the half of one
  std::atomic<Standing> standing_ = Standing::Open;
  bool talks_ = false;
  bool hurries_ = false;
  bool says_no_more_ = false;
  bool sending_ended_ = false;
  bool hinted_ = false;
  Clock::time_point send_again_{}, read_again_{};
  Clock::time_point waits_since_ = Clock::now();
  Clock::duration longest_wait_{};
  std::atomic<std::uint64_t> lines_ = 0;
  std::uint64_t bytes_ = 0, sent_ = 0;
};

}  // namespace rookery::system_test
