// tests/fault/takeover/trial.h
//
// A server of some shape, a crowd of exact streams, people who are reset while they come into rooms and leave them, and
// so many kills of its workers at random instants, now and then of its ledger too. When all is silent, and again when
// everybody has gone, what the server tells of its clients and rooms is compared with what is so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fault/takeover/streams.h"

namespace rookery::system_test {

struct TrialSetup {
  std::vector<std::string> shape{"--workers", "8"};  // options of the server
  std::uint64_t kills = 10;
  std::chrono::seconds rest{0};  // after the kills
  StreamsSetup streams;
  std::string log_file;  // where the server's log is kept; empty: nowhere
};

struct TrialReport {
  StreamsReport streams;
  std::uint64_t kills = 0;
  std::uint64_t visits = 0;
  std::uint64_t ledger_kills = 0;
  std::uint64_t resets = 0;
  std::string doubts;     // of the server, in its own words
  std::string at_rest;    // what it tells that is not so, when only those who stay are there
  std::string left_over;  // the same when everybody has gone
  // The master's: descriptors without a client, before the first kill and after the last; memory before the first kill,
  // when the clients are there, and at the end.
  std::size_t descriptors_before = 0, descriptors_after = 0;
  std::uint64_t memory_before = 0, memory_after = 0;
  // Shared memory of the workers that has pages: before the first client, and when the last has gone and each worker
  // has been replaced once more.
  std::uint64_t pages_before = 0, pages_after = 0;
  std::uint64_t most_pages = 0;  // `before` and what a loop keeps for good once it has had a client

  // Of visitors that nobody had taken custody of yet: see docs/processes.md.
  [[nodiscard]] std::uint64_t most_too_early() const noexcept { return 2 + kills / 10; }
  [[nodiscard]] bool exact() const noexcept {
    return streams.exact() && streams.too_early <= most_too_early() && at_rest.empty() && left_over.empty() &&
           descriptors_after == descriptors_before && pages_after <= most_pages;
  }
};
std::ostream& operator<<(std::ostream& out, const TrialReport& report);

// The seed of the streams is that of the kills too.
[[nodiscard]] TrialReport run_trial(const TrialSetup& setup);

}  // namespace rookery::system_test
