#include "master/upgrade/upgrade.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "ipc/chat/layout_version.h"
#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/errors.h"
#include "ipc/os/program.h"
#include "master/console/printable.h"
#include "master/supervisor/event_source.h"

namespace rookery::master {

namespace {

constexpr std::string_view kNotNow = "not-now";
constexpr std::string_view kNotUpgraded = "not-upgraded";

}  // namespace

Upgrade::Upgrade(os::Poller& poller, UpgradeHost& host, Origin origin)
    : poller_(poller), host_(host), origin_(std::move(origin)) {}

std::optional<std::string> Upgrade::ask(std::optional<Conversation> who) {
  const auto not_now = [](std::string_view why) {
    log::warning("not upgraded: {}", why);
    return fmt::format("ERR {} {}\n", kNotNow, why);
  };
  if (step_ != Step::Idle) return not_now("an upgrade is under way");
  if (!host_.can_upgrade()) return not_now("the server starts, stops, or has workers under way; try again");
  const auto refuse = [&](const std::string& why) {
    installed_.reset();
    running_.reset();
    log::error("not upgraded: {}", why);
    return fmt::format("ERR {} {}\n", kNotUpgraded, why);
  };
  const std::string path = origin_.program.string();
  installed_ = os::open_program(path);
  if (!installed_) return refuse(fmt::format("cannot execute {}: {}", path, os::error_text(errno)));
  running_.reset(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!running_) return refuse(fmt::format("cannot open the running program: {}", os::error_text(errno)));
  asked_by_ = who;
  asked_ = os::Monotonic::now();
  try {
    rehearsal_ = std::make_unique<Rehearsal>(installed_.get(), origin_.arguments, state_to_leave(), asked_);
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
  if (!poller_.add(rehearsal_->pidfd(), EPOLLIN, token(EventSource::Rehearsal))) {
    const int reason = errno;
    rehearsal_.reset();
    return refuse(fmt::format("cannot watch the rehearsal: {}", os::error_text(reason)));
  }
  step_ = Step::Rehearsing;
  log::info("upgrade: rehearsing {}, pid={}", path, rehearsal_->pid());
  return std::nullopt;
}

State Upgrade::state_to_leave() const {
  State state = host_.state_to_leave(asked_by_);
  state.layout = chat::kLayoutVersion;
  state.pid = ::getpid();
  state.version = ROOKERY_VERSION;
  state.program = origin_.program.string();
  state.asked_on_console = asked_by_.has_value();
  state.asked_by = asked_by_.value_or(0);
  state.asked_ns = os::to_ns(asked_);
  return state;
}

void Upgrade::on_rehearsal_ended() {
  if (!rehearsal_) return;
  std::optional<RehearsalVerdict> verdict;
  const int pidfd = rehearsal_->pidfd();
  poller_.remove(pidfd);
  try {
    verdict = rehearsal_->on_ended();
  } catch (const std::exception& error) {
    verdict = RehearsalVerdict{.yes = false, .version = {}, .why = error.what(), .notes = {}};
  }
  if (!verdict) {
    static_cast<void>(poller_.add(pidfd, EPOLLIN, token(EventSource::Rehearsal)));
    return;
  }
  rehearsal_.reset();
  if (!verdict->yes) {
    failure_ = fmt::format("{} does not come up: {}", origin_.program.string(), verdict->why);
    return finish({});
  }
  if (!host_.can_upgrade()) {
    failure_ = "the server has become busy with its workers meanwhile";
    return finish({});
  }
  for (const std::string& note : verdict->notes) log::warning("upgrade: {}", note);
  log::info("upgrade: {} has come up at its rehearsal after {}; workers hand over", verdict->version, duration());
  step_ = Step::HandingOver;
  host_.reloading();
  host_.begin_hand_over();
}

void Upgrade::on_handed_over() {
  if (step_ == Step::HandingOver) {
    log::info("upgrade: all children are gone after {}; executing {}", duration(), origin_.program.string());
    const int reason = execute(installed_.get(), running_.get(), {});
    failure_ = fmt::format("{} cannot be executed: {}", origin_.program.string(), os::error_text(reason));
  } else {
    log::warning("upgrade: going back to {}: {}", from_version_, failure_);
    const int reason = execute(origin_.predecessor->program(), -1, failure_);
    log::alert("cannot go back to {}: {}; going on as we are", from_version_, os::error_text(reason));
  }
  step_ = Step::Returning;
  host_.go_on();
}

int Upgrade::execute(int program, int way_back, const std::string& why) {
  if (const fault::Effect effect = fault::effect_at(fault::Point::UpgradeBeforeExec)) return effect.error;
  try {
    return hand_over_to(program, origin_.arguments, state_to_leave(), way_back, why);
  } catch (const std::exception& error) {
    log::error("upgrade: {}", error.what());
    return ENOMEM;
  }
}

void Upgrade::take_over(const State& state) {
  if (state.asked_on_console) asked_by_ = state.asked_by;
  asked_ = TimePoint(std::chrono::nanoseconds(state.asked_ns));
  from_version_ = state.version;
  failure_ = printable(origin_.predecessor->why_given_up());  // by another program
  step_ = failure_.empty() ? Step::TakingOver : Step::Returning;
  if (failure_.empty())
    log::info("upgrade: {} takes over from {}, clients={}", ROOKERY_VERSION, from_version_, state.held.size());
  else
    log::warning("upgrade: {} is back, clients={}: {}", ROOKERY_VERSION, state.held.size(), failure_);
}

void Upgrade::on_everybody_serves() {
  if (step_ == Step::TakingOver) finish(fmt::format("OK upgraded to {} in {}\n", ROOKERY_VERSION, duration()));
  if (step_ == Step::Returning) finish({});
}

void Upgrade::on_take_over_failed(const std::string& why) {
  failure_ = fmt::format("{} did not come up: {}", ROOKERY_VERSION, why);
  step_ = Step::GoingBack;
  host_.begin_hand_over();
}

void Upgrade::on_stop_begins() {
  if (step_ == Step::Idle) return;
  failure_ = "the server is stopping";
  finish({});
}

// An empty answer: `failure_` says why it was not done.
void Upgrade::finish(const std::string& answer) {
  std::string text = answer;
  if (text.empty()) {
    log::error("not upgraded: {}", failure_);
    text = fmt::format("ERR {} {}\n", kNotUpgraded, failure_);
  } else {
    log::info("upgraded from {} to {} in {}", from_version_, ROOKERY_VERSION, duration());
  }
  step_ = Step::Idle;
  failure_.clear();
  installed_.reset();
  running_.reset();
  if (rehearsal_) poller_.remove(rehearsal_->pidfd());
  rehearsal_.reset();
  if (origin_.predecessor != nullptr) origin_.predecessor->forget();
  if (const auto who = std::exchange(asked_by_, std::nullopt)) host_.answer(*who, std::move(text));
}

void Upgrade::on_due(TimePoint now) {
  if (rehearsal_ && rehearsal_->deadline() <= now) rehearsal_->on_deadline();
}

Upgrade::TimePoint Upgrade::next_due() const noexcept {
  return rehearsal_ ? rehearsal_->deadline() : TimePoint::max();
}

std::string Upgrade::duration() const {
  const auto passed = os::Monotonic::now() - asked_;
  return fmt::format("{} ms", std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
}

}  // namespace rookery::master
