// master/supervisor/changes.cpp: what is changed while the server runs is told to all children. Only the newest
// settings and the newest log matter, so nothing waits in a line: who cannot be told now is told at the next check. The
// answer is given when every process has it; one that is forked later has it from the start.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {
// A loop turns every half second at least; what hangs for longer is dealt with by its heartbeat.
constexpr std::chrono::seconds kChangedWithin{5};
}  // namespace

void Supervisor::change(const NewState& what, std::optional<Conversation> who, std::string answer) {
  if (what.settings) {
    launcher_.change(*what.settings);
    settings_text_ = chat::encode(*what.settings);
    newest_.settings = ++last_change_;
  }
  if (what.log) newest_.log = ++last_change_;
  fault::point(fault::Point::MasterInReload);
  for (Child& child : children_) {
    tell_changes(child);
    fault::point(fault::Point::MasterInReload);
  }
  changes_.push_back({who, newest_, os::Monotonic::now() + kChangedWithin, std::move(answer)});
}

void Supervisor::tell_changes(Child& child) {
  if (!child.is_up()) return;
  if (child.told_of.settings < newest_.settings &&
      child.control.offer(
          {.kind = chat::ControlKind::Settings, .worker = 0, .number = newest_.settings, .text = settings_text_}))
    child.told_of.settings = newest_.settings;
  if (child.told_of.log < newest_.log && child.control.offer({.kind = chat::ControlKind::LogReopen,
                                                              .worker = 0,
                                                              .number = newest_.log,
                                                              .text = {},
                                                              .place = {},
                                                              .from = {},
                                                              .passenger = STDERR_FILENO}))
    child.told_of.log = newest_.log;
}

bool Supervisor::on_changed(Child& child, const chat::ControlMessage& message) {
  const bool is_log = message.kind == chat::ControlKind::LogReopen;
  std::uint64_t& done = is_log ? child.has.log : child.has.settings;
  if (message.number > (is_log ? child.told_of.log : child.told_of.settings)) return false;
  done = std::max(done, message.number);
  return true;
}

void Supervisor::check_changes(TimePoint now) {
  if (changes_.empty()) return;
  std::vector<std::pair<std::optional<Conversation>, std::string>> answers;
  std::erase_if(changes_, [&](Change& change) {
    std::string missing;
    for (const Child& child : children_)
      if (child.is_up() && (child.has.settings < change.awaited.settings || child.has.log < change.awaited.log))
        missing += (missing.empty() ? "" : ", ") + child.name();
    if (!missing.empty() && now < change.deadline) return false;
    if (!missing.empty()) {
      log::error("not yet taken by: {}", missing);
      change.answer = fmt::format("ERR timed-out not yet taken by: {}\n", missing);
    }
    answers.emplace_back(change.who, std::move(change.answer));
    return true;
  });
  for (auto& [who, answer] : answers)
    if (who) hooks_.answer(*who, std::move(answer));
}

void Supervisor::refuse_changes() {
  for (const Change& change : std::exchange(changes_, {}))
    if (change.who) hooks_.answer(*change.who, "ERR shutting-down the server is stopping\n");
}

}  // namespace rookery::master
