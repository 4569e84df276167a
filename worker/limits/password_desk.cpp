#include "worker/limits/password_desk.h"

#include <algorithm>
#include <span>

#include "ipc/shm/checksum.h"

namespace rookery::worker {

namespace {
// Some 4,000 sources and as many names, in 200 KB: more cannot each be wrong three times within a minute, at the rate
// of the pool.
constexpr std::size_t kSets = 1024;
}  // namespace

std::uint64_t name_key(std::string_view name, std::uint64_t secret) {
  std::string hashed(reinterpret_cast<const char*>(&secret), sizeof secret);
  for (const char c : name) hashed += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::max<std::uint64_t>(shm::hash64(std::as_bytes(std::span(hashed))), 1);
}

PasswordDesk::PasswordDesk(std::size_t in_pool, std::size_t places)
    : most_in_pool_(in_pool), places_(places), from_source_(kSets), of_name_(kSets) {}

PasswordDesk::Duration PasswordDesk::delay(std::uint32_t failures, Duration most) noexcept {
  if (failures < kFreeFailures) return Duration{0};
  constexpr std::uint32_t kDoublings = 10;  // past any maximum here
  return std::min<Duration>(kFirstDelay * (1LL << std::min(failures - kFreeFailures, kDoublings)), most);
}

PasswordDesk::Queue& PasswordDesk::queue_of(const PasswordRequest& request) {
  const auto [known, is_new] = by_source_.try_emplace(request.source);
  if (is_new)
    known->second =
        queues_.insert(queues_.end(), Queue{.source = request.source, .of_many = request.of_many, .held = {}});
  return *known->second;
}

void PasswordDesk::drop_if_empty(Queues::iterator queue) {
  if (queue->in_pool > 0 || !queue->held.empty()) return;
  by_source_.erase(queue->source);
  queues_.erase(queue);
}

std::size_t PasswordDesk::places_for(const PasswordRequest& request, Time now) const noexcept {
  if (request.of_many) return places_;
  return suspect(request.source, now) ? kPlacesOfSuspect : std::max<std::size_t>(places_ / 2, 1);
}

PasswordDesk::Admission PasswordDesk::admit(Time now, PasswordRequest request) {
  if (waiting_ >= places_) return Admission::Full;
  const auto known = by_source_.find(request.source);
  const std::size_t held = known == by_source_.end() ? 0 : known->second->held.size();
  if (held >= places_for(request, now)) return Admission::SourceHasTooMany;
  const Duration wait = request.name == 0 ? Duration{0} : delay(of_name_.count(request.name, now), kMostNameDelay);
  queue_of(request).held.push_back({std::move(request), now + wait});
  ++waiting_;
  look_at_ = {};
  return Admission::Accepted;
}

void PasswordDesk::finished(Time now, std::uint64_t source, std::uint64_t name, bool wrong_password) {
  --in_pool_;
  look_at_ = {};
  const auto queue = by_source_.at(source);
  --queue->in_pool;
  if (wrong_password) {
    if (!queue->of_many) from_source_.add(source, now);
    of_name_.add(name, now);
    while (suspect(source, now) && queue->held.size() > kPlacesOfSuspect) {
      refused_.push_back(std::move(queue->held.back().request));
      queue->held.pop_back();
      --waiting_;
    }
  }
  drop_if_empty(queue);
}

// Of those that may go the first with the least against it: a failure of its source or of its name. If none may, notes
// when to look again.
std::optional<PasswordDesk::Choice> PasswordDesk::choose(Time now) {
  std::optional<Choice> best;
  int least = 3;
  Time soonest = Time::max();
  for (auto queue = queues_.begin(); queue != queues_.end(); ++queue) {
    const std::uint32_t failures = from_source_.count(queue->source, now);
    Time source_may{};
    if (failures >= kFreeFailures) {
      if (queue->in_pool > 0) continue;  // looked at again when that one is finished
      source_may = from_source_.newest(queue->source) + delay(failures, kMostSourceDelay);
    }
    for (auto held = queue->held.begin(); held != queue->held.end(); ++held) {
      const Time may = std::max(source_may, held->not_before);
      if (may > now) {
        soonest = std::min(soonest, may);
        continue;
      }
      const bool has_waited = now - may > kLongEnough;  // nobody gets ahead of it any more
      const int against =
          has_waited ? 0 : (failures > 0 ? 1 : 0) + (of_name_.count(held->request.name, now) > 0 ? 1 : 0);
      if (against < least) {
        least = against;
        best = Choice{queue, held};
      }
      break;
    }
    if (least == 0) return best;
  }
  if (!best) look_at_ = soonest;
  return best;
}

std::optional<PasswordDesk::Duration> PasswordDesk::patience(Time now) const noexcept {
  if (waiting_ == 0 || in_pool_ >= most_in_pool_ || look_at_ == Time::max()) return std::nullopt;
  return std::max(std::chrono::ceil<Duration>(look_at_ - now), Duration{0});
}

std::vector<PasswordRequest> PasswordDesk::take_waiting() {
  std::vector<PasswordRequest> all;
  for (auto queue = queues_.begin(); queue != queues_.end();) {
    const auto next = std::next(queue);
    for (Held& held : queue->held) all.push_back(std::move(held.request));
    queue->held.clear();
    drop_if_empty(queue);
    queue = next;
  }
  waiting_ = 0;
  return all;
}

}  // namespace rookery::worker
