// master/supervisor/scale.cpp: what an operator plans: workers are drained, there are more of them or fewer. Here it is
// said who is wanted; a worker that is not hands over as soon as somebody else serves, and ends. The rest is as after a
// crash (custody.cpp). The answer is given when it is done.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {
// Workers start in milliseconds; a client that has to be handed over waits for a ledger at the most.
constexpr std::chrono::seconds kPlanWithin{30};
}  // namespace

bool Supervisor::is_wanted(const Child& child) const noexcept {
  return child.is_ledger() || (child.worker() < scale_ && !child.drained);
}

bool Supervisor::may_start(const Child& child) const noexcept {
  if (phase_ != Phase::Serving || child.is_up() || !is_wanted(child)) return false;
  if (child.is_ledger()) return true;
  // A worker needs the ledger to become ready; and what others are about to copy from its region must stay.
  return !child.awaits_ledger && !ledger_away_ && held_.handed_from(child.worker()) == 0;
}

// Its clients are elsewhere, and the ledger is done with it.
bool Supervisor::is_empty(const Child& child) const noexcept {
  return !child.is_up() && !child.awaits_ledger && held_.count(child.worker()) == 0;
}

std::string Supervisor::why_not_now() const {
  if (is_stopping()) return "ERR shutting-down the server is stopping\n";
  if (phase_ == Phase::HandingOver || taking_over_) return "ERR not-serving the server is being upgraded\n";
  if (phase_ != Phase::Serving) return "ERR not-serving the server is starting\n";
  return {};
}

std::optional<std::string> Supervisor::drain(Conversation who, std::uint64_t slot) {
  if (std::string refusal = why_not_now(); !refusal.empty()) return refusal;
  if (slot >= state_.workers)
    return fmt::format("ERR no-such-worker workers have numbers from 0 to {}\n", state_.workers - 1);
  Child& child = children_[1 + slot];
  if (!can_adopt(child) || !is_wanted(child))
    return fmt::format("ERR not-serving {} is {}\n", child.name(),
                       is_shown(child) ? to_string(shown_state(child)) : "not running");
  const bool others = std::ranges::any_of(children_, [&](const Child& other) {
    return other.index != child.index && is_wanted(other) && can_adopt(other);
  });
  if (!others) return "ERR last-worker no other worker serves that could take its clients\n";
  log::info("{} is drained, with {} clients", child.name(), held_.count(child.worker()));
  child.drained = true;
  plans_.push_back({who, child.worker(), 0, os::Monotonic::now() + kPlanWithin});
  return std::nullopt;
}

std::optional<std::string> Supervisor::scale(Conversation who, std::uint64_t workers) {
  if (std::string refusal = set_scale(workers); !refusal.empty()) return refusal;
  plans_.push_back({who, {}, scale_, os::Monotonic::now() + kPlanWithin});
  return std::nullopt;
}

void Supervisor::scale_by(int more, const std::string& why) {
  scale_to(static_cast<std::uint64_t>(std::int64_t{scale_} + more), why);
}

void Supervisor::scale_to(std::uint64_t workers, const std::string& why) {
  const std::string refusal = set_scale(workers);
  if (refusal.empty())
    log::info("{}: {} workers", why, scale_);
  else
    log::warning("{}: {}", why, refusal.substr(0, refusal.size() - 1));
}

// What is wanted from now on; why not, otherwise.
std::string Supervisor::set_scale(std::uint64_t workers) {
  if (std::string refusal = why_not_now(); !refusal.empty()) return refusal;
  if (workers < 1 || workers > state_.workers)
    return fmt::format("ERR bad-argument there can be 1 to {} workers (--max-workers)\n", state_.workers);
  const std::uint32_t before = std::exchange(scale_, static_cast<std::uint32_t>(workers));
  const TimePoint now = os::Monotonic::now();
  for (Child& child : children_) {
    if (child.is_ledger()) continue;
    const bool was_wanted = child.worker() < before && !child.drained;
    child.drained = child.drained && child.worker() >= scale_;
    if (child.is_up() || was_wanted == is_wanted(child)) continue;
    child.due = now;  // who asks for it gets a new try at once
    child.parked = false;
  }
  return {};
}

void Supervisor::retire() {
  const bool somebody_serves =
      std::ranges::any_of(children_, [&](const Child& child) { return can_adopt(child) && is_wanted(child); });
  if (!somebody_serves) return;
  for (Child& child : children_)
    if (!child.is_ledger() && !is_wanted(child) && can_adopt(child)) hand_over(child);
}

void Supervisor::hand_over(Child& child) {
  log::info("{} pid={} hands its {} clients over", child.name(), child.process.pid(), held_.count(child.worker()));
  child.told_to_hand_over = true;
  child.told = os::Monotonic::now();
  send(child, {.kind = chat::ControlKind::HandOver});
}

void Supervisor::check_plans(TimePoint now) {
  // An answer may bring the next command in, and with it another plan.
  std::vector<std::pair<Plan, std::string>> answers;
  std::erase_if(plans_, [&](const Plan& plan) {
    auto answer = verdict(plan, now);
    if (answer) answers.emplace_back(plan, std::move(*answer));
    return answer.has_value();
  });
  for (auto& [plan, answer] : answers) {
    log::info("{}", std::string_view(answer).substr(0, answer.size() - 1));
    if (plan.who) hooks_.answer(*plan.who, std::move(answer));
  }
}

// Nothing: it is still under way.
std::optional<std::string> Supervisor::verdict(const Plan& plan, TimePoint now) const {
  if (plan.drain) {
    const Child& child = children_[1 + *plan.drain];
    if (!child.drained) return fmt::format("ERR overtaken {} is wanted again\n", child.name());
    if (is_empty(child)) return fmt::format("OK drained {}\n", *plan.drain);
    if (now < plan.deadline) return std::nullopt;
    return fmt::format("ERR timed-out {} clients of {} are not with others yet\n", held_.count(*plan.drain),
                       child.name());
  }
  if (plan.scale != scale_) return fmt::format("ERR overtaken {} workers are wanted now\n", scale_);
  std::uint32_t serving = 0;
  bool done = true;
  for (const Child& child : children_) {
    if (child.is_ledger()) continue;
    const bool wanted = is_wanted(child);
    if (wanted && can_adopt(child)) ++serving;
    done = done && (wanted ? can_adopt(child) : is_empty(child));
  }
  if (done) return fmt::format("OK {} workers\n", serving);
  if (now < plan.deadline) return std::nullopt;
  return fmt::format("ERR timed-out {} of {} workers serve so far\n", serving, plan.scale);
}

}  // namespace rookery::master
