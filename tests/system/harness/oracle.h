// tests/system/harness/oracle.h
//
// What a Load was promised against what the server has and what each client received:
//   acknowledged  => in the history exactly once, under its number, in its place
//   refused       => not in the history
//   in the history => posted, at most once; what one connection said in the order said; and what it said before it was
//                    cut off and had acknowledged before what it said after
//   received      => in the order of the numbers, nothing twice; what two clients have of one number is the same; in
//                    the history, or lost with all of the server before it was stored: then the epoch is another one
//   in the history between two messages that a connection received in a room => received there too, unless it was told
//                    that it missed something
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace rookery::system_test {

class Load;

struct HistoryItem {
  std::uint64_t seq = 0;
  std::string text;
  std::string place;        // a room, "*", "@" and to whom
  std::uint64_t epoch = 0;  // the present one, whenever the message was said; see stored_history()
};

// The whole history of a room, the broadcasts in it, page by page, oldest first; with everything that was published
// before the call.
[[nodiscard]] std::vector<HistoryItem> whole_history(std::uint16_t port, const std::string& room);
// What the store has of it at this moment, each message with its own epoch. Speaks not.
[[nodiscard]] std::vector<HistoryItem> stored_history(std::uint16_t port, const std::string& room);
// Of several rooms, in one order. Direct messages are in no history.
[[nodiscard]] std::vector<HistoryItem> whole_history(std::uint16_t port, const std::vector<std::string>& rooms);
// Everything in the store, direct messages too. REQUIRES: no server runs on it.
[[nodiscard]] std::vector<HistoryItem> stored_messages(const std::filesystem::path& data_directory);
// What SQLite's own check says; empty when all is well. REQUIRES: no server runs on it.
[[nodiscard]] std::string check_store(const std::filesystem::path& data_directory);

struct Findings {
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;          // acknowledged, and not in the history
  std::uint64_t duplicated = 0;    // in the history, or received over one connection
  std::uint64_t out_of_order = 0;  // likewise
  std::uint64_t invented = 0;      // nobody has said it, or not there, or the server has refused it
  std::uint64_t contradictions = 0;
  std::uint64_t gaps = 0;
  std::uint64_t received = 0;
  std::uint64_t received_and_gone = 0;  // never stored, and the epoch changed: as promised
  std::uint64_t troubles = 0;
  std::vector<std::string> problems;  // the first ones in words

  [[nodiscard]] bool all_well() const noexcept {
    return lost + duplicated + out_of_order + invented + contradictions + gaps + troubles == 0;
  }
};

// `history` has every place the load spoke in; direct messages may be missing altogether.
// REQUIRES: load.finish() was called.
[[nodiscard]] Findings judge(const Load& load, const std::vector<HistoryItem>& history);

// The same as a test's expectation.
void check_promises(const Load& load, const std::vector<HistoryItem>& history);

}  // namespace rookery::system_test
