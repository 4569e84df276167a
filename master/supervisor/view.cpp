// master/supervisor/view.cpp: what the console sees and does of the children.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

ShownState Supervisor::shown_state(const Child& child) const noexcept {
  if (!child.is_up()) {
    if (is_stopping()) return ShownState::Stopped;
    if (!is_wanted(child)) return is_empty(child) ? ShownState::Drained : ShownState::Draining;
    return child.parked ? ShownState::Parked : ShownState::BackOff;
  }
  if (child.told_to_stop) return ShownState::Stopping;
  if (child.told_to_hand_over) return ShownState::Draining;
  return child.life == Life::Serving ? ShownState::Serving : ShownState::Starting;
}

// What it says of its clients is of this life. A dead worker's region still shows those it had.
bool Supervisor::has_clients(const Child& child) const noexcept {
  return !child.is_ledger() && child.life == Life::Serving;
}

// A place that is not wanted is told of while there is something to tell, and if the operator drained it.
bool Supervisor::is_shown(const Child& child) const noexcept {
  return is_wanted(child) || child.drained || child.is_up() || held_.count(child.worker()) > 0;
}

// Where nobody serves, those whose sockets are held: they wait for whoever carries them on. One that was handed to a
// worker which shows it already is there, even if the word of it is still on its way.
std::vector<ClientRow> Supervisor::clients() const {
  std::vector<ClientRow> rows;
  std::set<std::pair<std::uint32_t, std::uint64_t>> adopted;
  for (const Child& child : children_) {
    if (!has_clients(child)) continue;
    const std::size_t before = rows.size();
    regions_.add_clients(child.worker(), rows);
    if (held_.handed_to(child.worker()) == 0) continue;
    for (std::size_t i = before; i < rows.size(); ++i) adopted.emplace(child.worker(), rows[i].client);
  }
  for (const Child& child : children_) {
    if (child.is_ledger() || has_clients(child) || held_.count(child.worker()) == 0) continue;
    regions_.add_clients(child.worker(), rows, [&](chat::Place place, std::uint64_t client) {
      const HeldSocket* held = held_.find(child.worker(), place, client);
      return held != nullptr && !adopted.contains({held->handed_to, client});
    });
  }
  std::ranges::sort(rows, {}, &ClientRow::client);
  return rows;
}

std::uint64_t Supervisor::count_clients() const {
  std::uint64_t count = 0;
  for (const Child& child : children_) {
    if (has_clients(child))
      count += regions_.count_clients(child.worker());
    else if (!child.is_ledger() && held_.count(child.worker()) > 0)
      return clients().size();  // for a moment; somebody may be in two regions
  }
  return count;
}

WorkersUp Supervisor::workers_up() const noexcept {
  WorkersUp result;
  for (const Child& child : children_) {
    if (child.is_ledger() || !is_wanted(child)) continue;
    ++result.wanted;
    if (shown_state(child) == ShownState::Serving) ++result.serving;
  }
  return result;
}

std::vector<ProcessRow> Supervisor::processes() const {
  const TimePoint now = os::Monotonic::now();
  const std::int64_t now_ms = os::monotonic_ms();
  std::vector<ProcessRow> rows;
  for (const Child& child : children_) {
    if (!is_shown(child)) continue;
    ProcessRow row{.worker = {}, .pid = {}, .state = to_string(shown_state(child)), .restarts = child.restarts};
    if (!child.is_up() && child.parked) {
      const auto left = std::chrono::duration_cast<std::chrono::seconds>(child.due - now);
      row.note = fmt::format("died too often, tried again in {} s; the last time: {}",
                             std::max<std::int64_t>(left.count(), 0), child.why_down);
    }
    if (child.is_ledger() && ledger_away_)
      row.note = "read-only mode; " + (row.note.empty() ? "it is being tried" : row.note);
    if (child.is_ledger() && child.is_up() && regions_.store_failure() != chat::StoreFailure::None)
      row.note = fmt::format("{}; messages are refused meanwhile", chat::describe(regions_.store_failure()));
    if (child.is_up()) {
      row.pid = child.process.pid();
      row.age = std::chrono::duration_cast<std::chrono::seconds>(now - child.started);
      row.heartbeat_age = child.is_ledger() ? regions_.ledger_heartbeat_age(child.started_ms(), now_ms)
                                            : regions_.worker_heartbeat_age(child.worker(), child.started_ms(), now_ms);
    }
    if (!child.is_ledger()) {
      row.worker = child.worker();
      row.clients = has_clients(child) ? regions_.count_clients(child.worker()) : held_.count(child.worker());
      row.outbox_depth_words = regions_.outbox_depth_words(child.worker());
      row.deliveries = has_clients(child) ? regions_.deliveries(child.worker()) : 0;
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<ShutOutRow> Supervisor::shut_out() const {
  const TimePoint now = os::Monotonic::now();
  std::vector<ShutOutRow> rows;
  for (const auto& penalty : penalties_.in_force(now))
    rows.push_back({penalty.network.network_text(), std::chrono::ceil<std::chrono::seconds>(penalty.until - now)});
  return rows;
}

// Why what somebody says now would not be stored and acknowledged at once; empty: it would.
std::string Supervisor::posting_trouble() const {
  if (is_stopping()) return "the server is stopping";
  if (phase_ == Phase::HandingOver || taking_over_) return "the server is being upgraded";
  if (ledger_away_) return "read-only mode: the ledger died too often, the last time: " + ledger().why_down;
  if (ledger().life != Life::Serving) return "the ledger is being started; what is said meanwhile waits for it";
  if (regions_.store_failure() != chat::StoreFailure::None)
    return std::string(chat::describe(regions_.store_failure()));
  const auto silence = regions_.ledger_heartbeat_age(ledger().started_ms(), os::monotonic_ms());
  if (silence > kLateCheck) return fmt::format("the ledger has not been heard of for {} ms", silence.count());
  const bool anybody = std::ranges::any_of(
      children_, [](const Child& child) { return !child.is_ledger() && child.life == Life::Serving; });
  return anybody ? std::string() : "no worker serves";
}

void Supervisor::describe(ServerStatus& status) const {
  status.workers = scale_;
  status.max_workers = state_.workers;
  status.loops = state_.loops;
  std::map<std::string_view, std::uint64_t> dialects;
  for (const ClientRow& row : clients()) {
    ++status.clients;
    ++dialects[row.dialect];
  }
  status.dialects.assign(dialects.begin(), dialects.end());
  status.held = held_.total();
  status.processes = processes();
  status.shut_out = shut_out();
  status.rates = rates_.shown();
  status.epoch = regions_.epoch();
  status.newest_seq = regions_.newest_seq();
  status.bans = regions_.bans();
  status.trouble = posting_trouble();
}

void Supervisor::look_at_rates(TimePoint now) {
  std::vector<std::uint64_t> deliveries(state_.workers);
  for (const Child& child : children_)
    if (!child.is_ledger() && has_clients(child)) deliveries[child.worker()] = regions_.deliveries(child.worker());
  rates_.look(now, regions_.newest_seq(), deliveries);
}

// As a crash would: what follows is what follows a crash.
std::string Supervisor::kill(std::uint64_t slot) {
  if (slot >= state_.workers)
    return fmt::format("ERR no-such-worker workers have numbers from 0 to {}\n", state_.workers - 1);
  const Child& child = children_[1 + slot];
  if (!child.is_up())
    return fmt::format("ERR not-serving {} is {}\n", child.name(),
                       is_shown(child) ? to_string(shown_state(child)) : "not running");
  log::warning("{} pid={} is killed, as the console wants", child.name(), child.process.pid());
  child.process.signal(SIGKILL);
  return fmt::format("OK killed {} pid {}\n", child.name(), child.process.pid());
}

bool Supervisor::broadcast(const std::string& text) {
  if (ledger().life != Life::Serving) return false;
  return try_send(ledger(), {.kind = chat::ControlKind::Notice, .worker = 0, .number = 0, .text = text});
}

void Supervisor::kick(std::uint64_t client, const std::string& reason) {
  for (Child& child : children_) {
    if (child.is_ledger() || !child.is_up()) continue;
    // A worker that does not listen cannot answer either: then the operator hears that nobody has the client.
    static_cast<void>(
        try_send(child, {.kind = chat::ControlKind::Kick, .worker = 0, .number = client, .text = reason}));
  }
}

}  // namespace rookery::master
