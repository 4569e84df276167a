// client/load/outcome.h
//
// What a run of the load tool found: how much, how fast, and whether all of it was right.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "client/load/histogram.h"
#include "client/load/plan.h"

namespace rookery::load {

// What was wrong. Counted over the whole run, the warm-up too; anything but zero fails the run.
struct Faults {
  std::uint64_t lost = 0;          // never came although something later, or the end, has
  std::uint64_t doubled = 0;       // came again
  std::uint64_t out_of_order = 0;  // came after something that was sent later
  std::uint64_t wrong_bytes = 0;   // is not what was sent
  std::uint64_t unanswered = 0;    // no answer until the end, nor in the patience after it
  std::uint64_t closed = 0;        // connections that the server ended unasked
  std::uint64_t not_connected = 0;
  std::map<std::string, std::uint64_t> refused;  // by error code, "rate-limited"
  std::vector<std::string> examples;             // the first few, in words, for people

  [[nodiscard]] bool none() const noexcept;
  void add(const Faults& other);
  void example(std::string words);  // kept if it is among the first few
};

struct LoadOutcome {
  LoadPlan plan;
  double seconds = 0;                           // that were counted
  std::uint64_t operations = 0;                 // done in them: answers; Fanout: deliveries to readers; Churn: visits
  std::uint64_t sent = 0;                       // Fanout: messages acknowledged in them; otherwise as operations
  Histogram latency;                            // of those operations
  std::map<std::string, Histogram> latency_of;  // by kind where there are several: "register", "login" ...
  Faults faults;
  std::map<std::string, double> figures;  // what else was measured, the unit in the name
  std::vector<std::string> remarks;  // what a reader of the figures should know: "the load tool itself was the limit"

  [[nodiscard]] bool ok() const noexcept { return faults.none(); }
  [[nodiscard]] double per_second() const noexcept {
    return seconds > 0 ? static_cast<double>(operations) / seconds : 0;
  }
};

// Percentiles, counts, faults and the plan, for `--json`. Times in microseconds, "latency_us".
[[nodiscard]] nlohmann::json to_json(const LoadOutcome& outcome);
// The same as text. Examples may hold whatever the server sent: what is no UTF-8 in them is replaced by U+FFFD.
[[nodiscard]] std::string json_text(const LoadOutcome& outcome);

}  // namespace rookery::load
