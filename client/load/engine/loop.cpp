#include "client/load/engine/loop.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "ipc/os/errors.h"

namespace rookery::load {
namespace {

constexpr std::uint64_t kWakeToken = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kBufferBytes = std::size_t{256} << 10;
// Clients of all threads that have no answer from the server yet: well below any listen backlog.
constexpr std::uint32_t kBeingPrepared = 64;
// What is due is handed out in pieces, so that answers are read in between; in large ones, so that a loop that is
// behind has several requests for each write and can come up again.
constexpr int kHandedOutAtOnce = 16384;
constexpr Nanoseconds kTick = std::chrono::milliseconds{5};
// So that a Part has an on_turn_end() now and then though nothing comes.
constexpr Nanoseconds kTurnAtLeast = std::chrono::milliseconds{100};
// Before the run begins its moment is not known; this is far enough.
constexpr auto kNotYet = std::chrono::hours{24};

}  // namespace

Loop::Loop(const LoadPlan& plan, Scenario& scenario, Conductor& conductor, const Address& address, std::uint32_t thread)
    : Stage(plan, thread),
      scenario_(scenario),
      conductor_(conductor),
      address_(address),
      speech_(plan.dialect),
      schedule_(plan.rate_per_s, scenario.initiators(), thread, plan.threads),
      buffer_(kBufferBytes),
      origin_(os::Monotonic::now() + kNotYet),
      last_advance_(os::Monotonic::now()) {
  for (std::uint32_t number = thread; number < scenario.connections(); number += plan.threads)
    clients_.emplace_back(number, clients_.size());
  dirty_.reserve(clients_.size());
  unprepared_ = clients_.size();
  if (!poller_.add(conductor.wake_descriptor(thread), EPOLLIN, kWakeToken)) os::throw_errno("epoll refuses an eventfd");
  part_ = scenario.make_part(*this);
}

void Loop::run() noexcept {
  // The kernel rounds sleeps up by 50 microseconds unless it is told otherwise.
  (void)::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  try {
    assemble();
    if (!conductor_.failed()) perform();
    if (!conductor_.failed()) settle();
  } catch (const std::exception& error) {
    cannot_run(error.what());
  }
  conductor_.thread_has_ended();
}

void Loop::assemble() {
  const std::size_t at_once = std::max(1U, kBeingPrepared / plan_.threads);
  std::size_t next = 0;
  if (clients_.empty()) conductor_.thread_is_ready();
  while (!conductor_.begin() && !conductor_.failed()) {
    for (; next < clients_.size() && being_prepared_ < at_once && !conductor_.failed(); ++next) {
      ++being_prepared_;
      connect(clients_[next]);
    }
    const auto now = os::Monotonic::now();
    if (unprepared_ > 0 && now - last_advance_ > plan_.patience)
      cannot_run(fmt::format("{} of {} clients have had no answer from {} within {} s", unprepared_, clients_.size(),
                             client::to_string(plan_.server), static_cast<double>(plan_.patience.count()) / 1000));
    look_at_clock();
    turn(now_ + kTurnAtLeast);
  }
  look_at_clock();
}

void Loop::perform() {
  sending_ = true;
  const Nanoseconds end = plan_.warm_up + plan_.duration;
  if (!plan_.open_loop())
    for (Client& client : clients_)
      if (client.open()) part_->on_begin(client);
  flush_dirty();
  while (now_ < end && !conductor_.failed()) {
    hand_out_due();
    turn(std::min({schedule_.next_due(), end, now_ + kTurnAtLeast}));
  }
  cpu_at_end_ = thread_cpu_time();
  while (schedule_.next_due() < end && !conductor_.failed()) hand_out_due();
  sending_ = false;
  look_at_clock();
}

void Loop::settle() {
  // Who still owes requests, because the server did not read, comes to its end when it has sent them.
  std::vector<Client*> owing;
  const auto stop_if_it_owes_none = [this](Client& client) {
    if (client.open() && client.given < client.due) return false;
    if (client.open()) part_->on_stop(client);
    return true;
  };
  for (Client& client : clients_)
    if (!stop_if_it_owes_none(client)) owing.push_back(&client);
  flush_dirty();
  const Nanoseconds give_up = now_ + plan_.patience;
  while (now_ < give_up && !conductor_.failed()) {
    std::erase_if(owing, [&](Client* client) { return stop_if_it_owes_none(*client); });
    while (settled_ < clients_.size() &&
           (clients_[settled_].state == Client::State::Closed || part_->settled(clients_[settled_])))
      ++settled_;
    if (settled_ == clients_.size() && owing.empty()) break;
    turn(now_ + kTick);
  }
  for (const Client& client : clients_) never_sent_ += client.due - client.given;
  part_->on_end();
}

void Loop::look_at_clock() noexcept {
  if (!begun_) {
    const auto begin = conductor_.begin();
    if (begin) origin_ = *begin;
    begun_ = begin.has_value();
  }
  now_ = os::Monotonic::now() - origin_;
}

void Loop::turn(Nanoseconds until) {
  look_at_clock();
  const Nanoseconds slept = now_;
  const auto events = poller_.wait_precisely(std::max(until - now_, Nanoseconds{0}));
  look_at_clock();
  account_for_wait(slept);
  for (const epoll_event& event : events) on_event(event);
  part_->on_turn_end();
  flush_dirty();
}

// Who waits uses no processor, so the clock may be read behind the wait in which the counted time began.
void Loop::account_for_wait(Nanoseconds slept) noexcept {
  const Nanoseconds from = plan_.warm_up;
  const Nanoseconds to = plan_.warm_up + plan_.duration;
  if (now_ <= from || slept >= to) return;
  waited_ += std::min(now_, to) - std::max(slept, from);
  if (cpu_at_begin_ == Nanoseconds{0}) cpu_at_begin_ = thread_cpu_time();
}

void Loop::hand_out_due() {
  const Nanoseconds end = plan_.warm_up + plan_.duration;
  for (int i = 0; i < kHandedOutAtOnce; ++i) {
    const Nanoseconds due = schedule_.next_due();
    if (due > now_ || due >= end) break;
    Client& client = clients_[schedule_.next_place()];
    schedule_.advance();
    ++client.due;
    if (client.given + 1 == client.due) lateness_.record(now_ - due);
    catch_up(client);
  }
  flush_dirty();
}

// What the server did not read in time is sent when it does; the time it takes counts from when it was due.
void Loop::catch_up(Client& client) {
  while (client.given < client.due && part_->takes_due(client)) {
    const Nanoseconds due = schedule_.due_of(client.number(), client.given++);
    part_->on_due(client, due);
  }
}

std::string& Loop::to(Client& client) {
  if (!client.dirty) {
    client.dirty = true;
    dirty_.push_back(&client);
  }
  return client.output;
}

void Loop::flush_dirty() {
  for (std::size_t i = 0; i < dirty_.size(); ++i) {  // who catches up gets longer
    Client& client = *dirty_[i];
    client.dirty = false;
    flush(client);
  }
  dirty_.clear();
}

void Loop::flush(Client& client) {
  if (client.state == Client::State::Closed) client.output.clear();
  if (client.state == Client::State::Closed || client.state == Client::State::Connecting) return;
  const Flushed flushed = client.flush();
  if (flushed == Flushed::Failed) return;  // the read will find why, after what the server had still to say
  const bool wants_write = flushed == Flushed::Part;
  const std::uint32_t events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (wants_write != client.wants_write && poller_.modify(client.socket(), events, client.number()))
    client.wants_write = wants_write;
  if (client.given < client.due) catch_up(client);
}

void Loop::on_event(const epoll_event& event) {
  if (event.data.u64 == kWakeToken) return conductor_.quiet(thread_);
  Client& client = clients_[event.data.u64 / plan_.threads];
  if (client.state == Client::State::Closed) return;
  if (client.state == Client::State::Connecting) return on_connect_ended(client);
  if ((event.events & EPOLLOUT) != 0) flush(client);
  if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) on_readable(client);
}

void Loop::on_readable(Client& client) {
  std::string_view bytes;
  switch (client.take(buffer_, bytes)) {
    case Taken::Bytes:
      break;
    case Taken::Nothing:
      return;
    case Taken::End:
      return ended_by_server(client, "closed", 0);
    case Taken::Failed:
      return ended_by_server(client, "reset", errno);
  }
  look_at_clock();
  const std::uint32_t connection = client.connection;
  for (;;) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) break;
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (client.state == Client::State::Greeting)
      on_greeting_line(client, line);
    else
      part_->on_line(client, line);
    if (client.connection != connection || client.state == Client::State::Closed) return;
  }
  if (!client.keep(bytes)) return ended_by_server(client, "a line without end", 0);
  flush(client);
}

void Loop::report(LoadOutcome& outcome) {
  outcome.operations += operations();
  outcome.sent += tally_.sent;
  outcome.latency.add(tally_.latency);
  for (const auto& [kind, latency] : tally_.latency_of) outcome.latency_of[kind].add(latency);
  outcome.faults.add(tally_.faults);
  if (never_sent_ > 0) {
    outcome.faults.unanswered += never_sent_;
    outcome.faults.example(fmt::format("{} requests that were due could not be sent", never_sent_));
  }
  if (tally_.no_port > 0)
    outcome.remarks.push_back(
        fmt::format("{} connections of thread {} were not made because this machine had no free port left (see "
                    "net.ipv4.ip_local_port_range): they are not among the operations, and not the server's fault",
                    tally_.no_port, thread_));
  if (plan_.open_loop())
    outcome.seconds =
        std::max(outcome.seconds, std::chrono::duration<double>(tally_.last_ended() - plan_.warm_up).count());
}

Strain Loop::strain() const noexcept {
  const std::chrono::duration<double> counted = plan_.duration;
  return {.had_work = 1 - waited_ / counted, .had_core = (cpu_at_end_ - cpu_at_begin_) / counted};
}

}  // namespace rookery::load
