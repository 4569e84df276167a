// tests/system/harness/load.h
//
// People who talk without end while something is killed or stopped, and the book of what they were promised.
//
// Each poster says numbered texts in a room, some at a time, and notes which the server acknowledged. What must hold
// afterwards, check_promises() says:
//   acknowledged  => in the history exactly once, under its number
//   in the history => posted, at most once, each poster's texts in the order posted
//   received      => in the order of the numbers, nothing twice
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/harness/test_client.h"

namespace rookery::system_test {

class Poster final {
 public:
  Poster(std::uint16_t port, std::string name, std::string room);

  // Posts until `stop`, then waits for the answers under way; returns early when the connection ends.
  void run(const std::atomic<bool>& stop);

  [[nodiscard]] std::uint64_t acknowledged_count() const noexcept { return acknowledged_count_; }

  // Once run() has returned:
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::map<std::uint64_t, std::string>& acknowledged() const noexcept { return acknowledged_; }
  [[nodiscard]] std::uint64_t posted() const noexcept { return next_; }
  [[nodiscard]] bool was_closed() const noexcept { return closed_; }
  [[nodiscard]] bool was_told() const noexcept { return told_; }  // got a notice
  [[nodiscard]] const std::vector<std::uint64_t>& received() const noexcept { return received_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }  // why run() ended otherwise

 private:
  void post();
  void take(const nlohmann::json& line);
  [[nodiscard]] std::string text(std::uint64_t number) const { return name_ + ":" + std::to_string(number); }

  JsonClient client_;
  std::string name_;
  std::string room_;
  std::uint64_t next_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t refused_ = 0;
  std::map<std::uint64_t, std::string> acknowledged_;
  std::atomic<std::uint64_t> acknowledged_count_ = 0;
  std::vector<std::uint64_t> received_;
  bool closed_ = false;
  bool told_ = false;
  std::string trouble_;
};

class Load final {
 public:
  Load(std::uint16_t port, std::size_t posters, std::string room = "#lobby");
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Until each poster has had `more` acknowledgements from now on; those whose connection has ended count as well off.
  void wait_for_progress(std::uint64_t more) const;
  // They go on posting; returns when all connections have ended.
  void wait_until_closed();
  // No new posts; returns when all answers are there or the connections have ended.
  void finish();
  [[nodiscard]] const std::vector<std::unique_ptr<Poster>>& posters() const noexcept { return posters_; }
  [[nodiscard]] std::uint64_t acknowledged_count() const;

 private:
  std::string room_;
  std::vector<std::unique_ptr<Poster>> posters_;
  std::vector<std::thread> threads_;
  std::unique_ptr<std::atomic<bool>[]> ended_;
  std::atomic<bool> stop_ = false;
};

struct HistoryItem {
  std::uint64_t seq = 0;
  std::string text;
};
// The whole history of a room, page by page, oldest first.
[[nodiscard]] std::vector<HistoryItem> whole_history(std::uint16_t port, const std::string& room);

// REQUIRES: load.finish() was called.
void check_promises(const Load& load, const std::vector<HistoryItem>& history);

}  // namespace rookery::system_test
