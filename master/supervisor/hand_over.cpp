// master/supervisor/hand_over.cpp: an upgrade as the children see it. Before: workers leave their clients as they are,
// the ledger makes everything durable, all are reaped. After: a new ledger on the same regions, then workers that carry
// the clients on, exactly as after a crash.
#include <algorithm>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {

// A killed worker is as good as one that handed over, and what a killed ledger had published is still in the ring: this
// is how long clients may have to wait for somebody who hangs.
constexpr std::chrono::seconds kWorkersEndWithin{2};
constexpr std::chrono::seconds kLedgerEndsWithin{5};
// The store was closed in good order a moment ago, so there is no database to check; and all clients wait.
constexpr std::chrono::seconds kAllServeWithin{30};

}  // namespace

void Supervisor::begin_hand_over() {
  phase_ = Phase::HandingOver;
  taking_over_ = false;
  give_up_requests(kAskAgain);
  hand_over_deadline_ = os::Monotonic::now() + kWorkersEndWithin;
  for (Child& child : children_) {
    if (child.is_ledger() || !child.is_up() || child.told_to_hand_over) continue;
    if (child.life == Life::Serving)
      hand_over(child);
    else
      child.kill();
  }
  go_on_handing_over();
}

// After every death: is the next step due?
void Supervisor::go_on_handing_over() {
  if (any_worker_up() || !ledger().is_up() || ledger().told_to_stop) return;
  hand_over_deadline_ = os::Monotonic::now() + kLedgerEndsWithin;
  ledger().told_to_stop = true;
  if (ledger().life != Life::Serving) return ledger().kill();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(kLedgerEndsWithin).count();
  send(ledger(), {.kind = chat::ControlKind::Stop, .number = static_cast<std::uint64_t>(milliseconds)});
}

void Supervisor::on_hand_over_deadline() {
  hand_over_deadline_ = os::Monotonic::now() + kLedgerEndsWithin;
  for (Child& child : children_) {
    if (!child.is_up() || (child.is_ledger() && !child.told_to_stop)) continue;
    log::warning("{} pid={} does not end: killing it", child.name(), child.process.pid());
    child.kill();
  }
}

bool Supervisor::any_child_up() const noexcept {
  return std::ranges::any_of(children_, &Child::is_up);
}

void Supervisor::save(State& state) const {
  state.last_slot_epoch = launcher_.last_slot_epoch();
  state.scale = scale_;
  for (const Child& child : children_) {
    if (child.is_ledger())
      state.ledger_restarts = child.restarts;
    else
      state.places.push_back({.slot_epoch = child.slot_epoch,
                              .vacant_life = child.vacant_life,
                              .restarts = child.restarts,
                              .drained = child.drained,
                              .awaits_ledger = child.awaits_ledger});
  }
  for (std::uint32_t worker = 0; worker < state_.workers; ++worker) {
    held_.for_each(worker, [&](chat::Place place, const HeldSocket& held) {
      state.held.push_back({.worker = worker,
                            .loop = place.loop,
                            .index = place.index,
                            .client = held.client,
                            .socket = held.socket.get(),
                            .accused_ns = os::to_ns(held_.accused(held.client)),
                            .doubt = held.doubt});
      return true;
    });
  }
  for (const auto& record : penalties_.records())
    state.penalties.push_back({.high = record.network.words[0],
                               .low = record.network.words[1],
                               .until_ns = os::to_ns(record.until),
                               .on_probation = record.on_probation});
}

void Supervisor::take_over(const State& state, bool may_go_back) {
  launcher_.go_on_from(state.last_slot_epoch);
  scale_ = state.scale;
  ledger().restarts = state.ledger_restarts;
  for (Child& child : children_) {
    if (child.is_ledger()) continue;
    const PlaceState& place = state.places[child.worker()];
    child.slot_epoch = place.slot_epoch;
    child.vacant_life = place.vacant_life;
    child.restarts = place.restarts;
    child.drained = place.drained;
    child.awaits_ledger = place.awaits_ledger;
  }
  for (const HeldState& held : state.held) {
    const chat::Place place{held.loop, held.index};
    static_cast<void>(held_.hold(held.worker, place, held.client, os::FileDescriptor(held.socket)));
    held_.mark(held.worker, place, os::from_ns(held.accused_ns), held.doubt);
  }
  for (const PenaltyState& penalty : state.penalties) {
    const chat::SourceAddress network{{penalty.high, penalty.low}};
    penalties_.restore({network, os::from_ns(penalty.until_ns), penalty.on_probation});
  }
  begin_take_over(may_go_back);
}

void Supervisor::go_on() {
  begin_take_over(false);
}

// What was parked or had to wait is tried at once: it may be what the upgrade mends. Nobody's restart is counted.
void Supervisor::begin_take_over(bool may_go_back) {
  const TimePoint now = os::Monotonic::now();
  phase_ = Phase::Serving;
  ledger_was_ready_ = true;
  taking_over_ = true;
  may_go_back_ = may_go_back;
  take_over_deadline_ = now + kAllServeWithin;
  for (Child& child : children_) {
    child.policy = RestartPolicy();
    child.parked = false;
    child.due = now;
    child.died = {};
  }
  ledger_away_ = false;
  start(ledger());
}

bool Supervisor::give_up_take_over(const std::string& why) {
  if (!taking_over_ || !may_go_back_) return false;
  log::error("cannot take over: {}", why);
  hooks_.take_over_failed(why);
  return true;
}

void Supervisor::on_ready_while_taking_over() {
  if (!taking_over_ || phase_ != Phase::Serving) return;
  if (std::ranges::any_of(children_,
                          [&](const Child& child) { return is_wanted(child) && child.life != Life::Serving; }))
    return;
  taking_over_ = false;
  hooks_.everybody_serves();
}

}  // namespace rookery::master
