#include "master/supervisor/heartbeat.h"

namespace rookery::master {

std::chrono::milliseconds heartbeat_age(std::int64_t heartbeat_ms, std::int64_t started_ms,
                                        std::int64_t now_ms) noexcept {
  const bool credible = heartbeat_ms > started_ms && heartbeat_ms <= now_ms;
  return std::chrono::milliseconds{now_ms - (credible ? heartbeat_ms : started_ms)};
}

Verdict judge_heartbeat(std::chrono::milliseconds age, std::int64_t started_ms, std::int64_t now_ms) noexcept {
  if (now_ms - started_ms < kHeartbeatGrace.count()) return Verdict::Alive;
  if (age > kHeartbeatKill) return Verdict::Kill;
  if (age > kHeartbeatAbort) return Verdict::Abort;
  return Verdict::Alive;
}

bool CheckTimer::may_judge(std::int64_t now_ms) noexcept {
  const bool late = now_ms - last_check_ms_ > (kHeartbeatCheck + kLateCheck).count();
  last_check_ms_ = now_ms;
  if (late) not_before_ms_ = now_ms + kHeartbeatAbort.count();
  return now_ms >= not_before_ms_;
}

}  // namespace rookery::master
