// master/metrics/health.h
//
// Would posting a message work now? What is known from the regions is looked at each time; that the store can really be
// written is believed for a second after it was, and then tried: the ledger is asked to write something small.
//
//     if (const auto verdict = health.look(now_ms)) answer(*verdict); else ask again in some milliseconds;
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "master/metrics/sight.h"

namespace rookery::metrics {

inline constexpr std::int64_t kFreshHeartbeatMs = 2000;
inline constexpr std::int64_t kWrittenLatelyMs = 1000;
inline constexpr std::int64_t kProbeWithinMs = 1000;
// Less than this is full: a group may be some MiB.
inline constexpr std::uint64_t kLeastFreeBytes = std::uint64_t{8} * 1024 * 1024;

struct Verdict {
  std::string why;  // not healthy; empty: it is

  [[nodiscard]] bool healthy() const noexcept { return why.empty(); }
};

class Health final {
 public:
  // `ask_for_probe` sees to it that the ledger tries its store, and does not wait for that.
  Health(const Sight& sight, std::function<void()> ask_for_probe)
      : sight_(sight), ask_for_probe_(std::move(ask_for_probe)) {}

  // Nothing: a probe is under way. There is an answer kProbeWithinMs later at the latest.
  [[nodiscard]] std::optional<Verdict> look(std::int64_t now_ms);

  // What the regions say, without a probe.
  [[nodiscard]] Verdict at_first_sight(std::int64_t now_ms) const;

 private:
  [[nodiscard]] bool some_worker_serves(std::int64_t now_ms) const noexcept;

  const Sight& sight_;
  std::function<void()> ask_for_probe_;
  std::int64_t asked_ms_ = 0;       // of the probe that is under way; 0: none is
  std::int64_t unanswered_ms_ = 0;  // when the newest was given up
};

}  // namespace rookery::metrics
