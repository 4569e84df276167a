#include "master/metrics/health.h"

#include <fmt/format.h>

#include <algorithm>

namespace rookery::metrics {

namespace {

std::int64_t moment(const chat::Counter& counter) noexcept {
  return static_cast<std::int64_t>(chat::value_of(counter));
}

constexpr const char* kUnanswered = "the ledger has not answered whether the store can be written";

}  // namespace

bool Health::some_worker_serves(std::int64_t now_ms) const noexcept {
  for (std::uint32_t entry = 1; entry <= sight_.places(); ++entry) {
    if (sight_.state_of(entry) != chat::ProcessState::Serving) continue;
    const auto age = sight_.heartbeat_age_ms(entry, now_ms);
    if (age && *age <= kFreshHeartbeatMs) return true;
  }
  return false;
}

Verdict Health::at_first_sight(std::int64_t now_ms) const {
  const chat::MasterRegionHeader& master = sight_.master().header();
  switch (static_cast<chat::ServerPhase>(chat::value_of(master.phase))) {
    case chat::ServerPhase::Serving:
      break;
    case chat::ServerPhase::Starting:
      return {"the server is starting"};
    case chat::ServerPhase::Upgrading:
      return {"the server is being upgraded"};
    case chat::ServerPhase::Stopping:
      return {"the server is stopping"};
  }
  if (chat::value_of(master.ledger_away) != 0) return {"read-only mode: the ledger died too often"};
  if (sight_.state_of(0) != chat::ProcessState::Serving) return {"the ledger does not serve"};
  const auto age = sight_.heartbeat_age_ms(0, now_ms);
  if (!age || *age > kFreshHeartbeatMs) return {fmt::format("the ledger stands still for {} ms", age.value_or(0))};
  const auto failure =
      static_cast<chat::StoreFailure>(sight_.ledger().header().store_failing.load(std::memory_order_relaxed));
  if (failure != chat::StoreFailure::None) return {std::string(chat::describe(failure))};
  if (!some_worker_serves(now_ms)) return {"no worker serves"};
  const auto free = sight_.free_bytes();
  if (free && *free < kLeastFreeBytes)
    return {fmt::format("the data directory's file system has {} bytes left", *free)};
  return {};
}

std::optional<Verdict> Health::look(std::int64_t now_ms) {
  if (Verdict verdict = at_first_sight(now_ms); !verdict.healthy()) {
    asked_ms_ = 0;
    return verdict;
  }
  const chat::LedgerCounters& ledger = sight_.ledger().header().counters;
  const std::int64_t written_ms = moment(ledger.written_ms);
  const std::int64_t refused_ms = moment(ledger.refused_ms);
  const std::int64_t newest_ms = std::max(written_ms, refused_ms);
  if (newest_ms > 0 && newest_ms >= asked_ms_ && now_ms - newest_ms <= kWrittenLatelyMs) {
    asked_ms_ = 0;
    if (written_ms >= refused_ms && written_ms != refused_ms) return Verdict{};
    return Verdict{"the store cannot be written, the log says why"};
  }
  // Nobody has waited for the answer to that one.
  if (newest_ms >= asked_ms_ || now_ms - asked_ms_ > 2 * kProbeWithinMs) asked_ms_ = 0;
  if (asked_ms_ == 0) {
    if (now_ms - unanswered_ms_ < kProbeWithinMs && unanswered_ms_ > 0) return Verdict{kUnanswered};
    asked_ms_ = now_ms;
    ask_for_probe_();
    return std::nullopt;
  }
  if (now_ms - asked_ms_ < kProbeWithinMs) return std::nullopt;
  asked_ms_ = 0;
  unanswered_ms_ = now_ms;
  return Verdict{kUnanswered};
}

}  // namespace rookery::metrics
