// tests/system/harness/poster.h
//
// One person of a Load (load.h): says numbered texts, and keeps the book of what the server promised it.
//
// A text is "NAME:N". Who is cut off comes back, if the setup says so: what it had said without an answer "may be
// there, once", and is not said again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/system/harness/test_client.h"

namespace rookery::system_test {

struct LoadSetup {
  std::size_t posters = 8;
  std::vector<std::string> rooms{"#lobby"};        // each poster is in two of them (in the one, if there is one)
  bool reconnect = false;                          // who is cut off comes back and goes on
  std::size_t with_account = 0;                    // the first so many register, and log in each time
  std::uint64_t broadcast_every = 0;               // each so many-th text is a broadcast; 0: none
  std::uint64_t direct_every = 0;                  // each so many-th is for somebody with an account
  std::uint64_t under_way = 8;                     // of one poster
  std::chrono::milliseconds pace{0};               // between two texts of one poster
  std::chrono::milliseconds patience = kPatience;  // for an answer, or for a connection that stands
};

// What all posters of a load share.
struct LoadState {
  explicit LoadState(std::uint16_t port_now);

  std::atomic<std::uint16_t> port;  // 0: there is no server at the moment
  std::atomic<bool> stop = false;
  std::atomic<bool> hurry = false;           // nobody keeps to the setup's pace
  std::atomic<std::int64_t> last_answer_ms;  // steady clock
  std::atomic<std::int64_t> longest_pause_ms = 0;

  void note_answer() noexcept;
};

// An event as a poster received it.
struct Heard {
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;
  std::uint32_t connection = 0;  // the poster's first, second ...
  std::string place;             // a room, "*", or "@" and to whom
  std::string text;
};

struct Acknowledged {
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
};

class Poster final {
 public:
  Poster(LoadState& state, const LoadSetup& setup, std::size_t index);

  // Posts until `stop`, then waits for the answers under way; returns early when the connection ends and the setup
  // does not say to come back.
  void run();

  [[nodiscard]] std::uint64_t acknowledged_count() const noexcept { return acknowledged_count_; }

  // Once run() has returned:
  void leave() { client_.reset(); }  // its connection ends
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::map<std::uint64_t, std::string>& acknowledged() const noexcept { return acknowledged_; }
  [[nodiscard]] const std::vector<Acknowledged>& acknowledgements() const noexcept { return acknowledgements_; }
  [[nodiscard]] std::uint64_t posted() const noexcept { return next_; }
  [[nodiscard]] bool was_closed() const noexcept { return closed_; }
  [[nodiscard]] bool was_told() const noexcept { return told_; }  // got a notice
  [[nodiscard]] const std::vector<Heard>& heard() const noexcept { return heard_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  // Refused in words that leave no doubt: not to be found in any history.
  [[nodiscard]] const std::set<std::uint64_t>& surely_refused() const noexcept { return surely_refused_; }
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }  // why run() ended otherwise
  // How many connections, once there had been an answer over them, ended without its doing.
  [[nodiscard]] std::uint64_t cut_off() const noexcept { return cut_off_; }

  [[nodiscard]] bool has_account() const noexcept { return index_ < setup_.with_account; }
  [[nodiscard]] const std::vector<std::string>& rooms() const noexcept { return rooms_; }
  [[nodiscard]] std::string text(std::uint64_t number) const { return name_ + ":" + std::to_string(number); }
  // Where it said, or would have said, that text.
  [[nodiscard]] std::string place_of(std::uint64_t number) const;
  // Over which of its connections: 0, 1, ...
  [[nodiscard]] std::uint32_t connection_of(std::uint64_t number) const noexcept;
  // The server told it over that connection that it had missed something.
  [[nodiscard]] bool missed_on(std::uint32_t connection) const { return missed_.contains(connection); }

 private:
  void enter();
  void register_and_log_in();
  void talk();
  void post();
  [[nodiscard]] nlohmann::json parsed(const std::string& line);
  void take(const std::string& line);
  void take_reply(const nlohmann::json& reply);
  void take_event(const nlohmann::json& event);
  [[nodiscard]] nlohmann::json ask(nlohmann::json request);
  [[nodiscard]] std::string next_line();
  [[nodiscard]] bool stands_still();

  LoadState& state_;
  LoadSetup setup_;
  std::size_t index_;
  std::string name_;
  std::vector<std::string> rooms_;
  std::unique_ptr<JsonClient> client_;
  bool account_is_certain_ = false;
  Clock::time_point last_step_ = Clock::now();  // the newest sign of progress
  Clock::time_point next_post_{};

  std::uint64_t next_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t refused_ = 0;
  std::vector<std::uint64_t> starts_;  // the first number of each connection
  std::set<std::uint32_t> missed_;
  std::set<std::uint64_t> surely_refused_;
  std::map<std::uint64_t, std::string> acknowledged_;
  std::vector<Acknowledged> acknowledgements_;
  std::atomic<std::uint64_t> acknowledged_count_ = 0;
  std::vector<Heard> heard_;
  bool was_answered_ = false;  // over the present connection
  std::uint64_t cut_off_ = 0;
  bool closed_ = false;
  bool told_ = false;
  std::string trouble_;
  std::string torn_;
};

}  // namespace rookery::system_test
