#include "client/load/compare/crash.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

#include "client/load/compare/history_check.h"
#include "client/load/compare/interrupt.h"
#include "client/load/compare/pause.h"
#include "client/load/compare/returning_client.h"
#include "ipc/os/errors.h"
#include "ipc/os/poller.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::uint32_t kClientsInRoom = 5;
constexpr auto kAllHereWithin = 10s;
constexpr auto kPatience = 5s;  // for what is still open at the end
constexpr std::size_t kShownComplaints = 3;

double in_ms(Time::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

sockaddr_in address_of(const client::Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = ::htons(static_cast<std::uint16_t>(std::stoi(endpoint.port)));
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + endpoint.host);
  return address;
}

// The clients and the clock that makes them talk.
class Crowd final {
 public:
  Crowd(const client::Endpoint& server, const CrashPlan& plan) : plan_(plan) {
    const Time now = os::Monotonic::now();
    const sockaddr_in address = address_of(server);
    for (std::uint32_t i = 0; i < plan.clients; ++i) {
      clients_.push_back(
          std::make_unique<ReturningClient>(poller_, i, address, fmt::format("#crash{}", i / kClientsInRoom)));
      clients_.back()->connect(now);
    }
  }

  void wait_until_all_are_here() {
    const Time deadline = os::Monotonic::now() + kAllHereWithin;
    while (!all(&ReturningClient::is_here)) {
      if (os::Monotonic::now() > deadline) throw std::runtime_error("not all clients could connect");
      turn(os::Monotonic::now() + 10ms);
    }
  }

  // From now on each client asks once in an interval, all evenly spread.
  void begin_talking() {
    const Time now = os::Monotonic::now();
    for (std::size_t i = 0; i < clients_.size(); ++i)
      due_.push_back(now + plan_.interval * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(clients_.size()));
  }

  void run_until(Time end) {
    while (os::Monotonic::now() < end) turn(end);
  }

  void stop_talking_and_finish() {
    due_.clear();
    const Time deadline = os::Monotonic::now() + kPatience;
    const auto is_done = [](const ReturningClient& client) { return client.is_here() && client.requests_open() == 0; };
    while (!all(is_done) && os::Monotonic::now() < deadline) turn(os::Monotonic::now() + 10ms);
  }

  [[nodiscard]] const std::vector<std::unique_ptr<ReturningClient>>& clients() const noexcept { return clients_; }

 private:
  template <typename Predicate>
  [[nodiscard]] bool all(Predicate predicate) const {
    return std::ranges::all_of(clients_, [&](const auto& client) { return std::invoke(predicate, *client); });
  }

  // Waits until something happens or is due, at most until `end`.
  void turn(Time end) {
    throw_if_interrupted();
    Time next = end;
    for (const Time due : due_) next = std::min(next, due);
    const auto wait = std::chrono::ceil<milliseconds>(next - os::Monotonic::now());
    const auto ready = poller_.wait(std::clamp<milliseconds>(wait, 0ms, 10ms));
    const Time now = os::Monotonic::now();
    for (const epoll_event& event : ready) clients_[event.data.u64]->on_ready(event.events, now);
    for (const auto& client : clients_) client->on_time(now);
    for (std::size_t i = 0; i < due_.size(); ++i) {
      for (; due_[i] <= now; due_[i] += plan_.interval) clients_[i]->ask(due_[i]);
    }
  }

  CrashPlan plan_;
  os::Poller poller_;
  std::vector<std::unique_ptr<ReturningClient>> clients_;
  std::vector<Time> due_;  // by client; empty while nobody talks
};

struct Victim {
  pid_t pid = 0;
  std::set<std::uint16_t> ports;  // of its clients
};

Victim choose_victim(const StartedServer& server, std::uint32_t number) {
  std::vector<WorkerRow> rows = server.workers();
  std::erase_if(rows, [](const WorkerRow& row) { return row.clients == 0; });  // nobody would notice its death
  if (rows.empty()) throw std::runtime_error("the server names no worker that has clients");
  const WorkerRow& row = rows[number % rows.size()];
  const std::vector<pid_t> own = server.processes();
  if (row.pid <= 0 || std::ranges::find(own, row.pid) == own.end())
    throw std::runtime_error(fmt::format("worker {} does not run", row.number));
  Victim victim{row.pid, {}};
  for (const auto& [port, worker] : server.worker_of_port())
    if (worker == row.number) victim.ports.insert(port);
  return victim;
}

nlohmann::json timeline(const Crowd& crowd, const CrashPlan& plan, Time killed) {
  using Bucket = std::chrono::duration<std::int64_t, std::ratio<kTimelineBucket.count(), 1000>>;
  const std::int64_t first = -plan.before / kTimelineBucket;
  const std::int64_t last = plan.after / kTimelineBucket;
  std::map<std::int64_t, std::uint64_t> buckets;
  for (std::int64_t i = first; i < last; ++i) buckets[i] = 0;
  for (const auto& client : crowd.clients()) {
    for (const auto& request : client->requests()) {
      if (!request.is_answered || request.is_refused) continue;
      const auto bucket = std::chrono::floor<Bucket>(request.answered - killed).count();
      if (const auto found = buckets.find(bucket); found != buckets.end()) ++found->second;
    }
  }
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& [bucket, answers] : buckets) rows.push_back({bucket * kTimelineBucket.count(), answers});
  return rows;
}

std::vector<Acknowledged> acknowledged(const Crowd& crowd) {
  std::vector<Acknowledged> messages;
  for (const auto& client : crowd.clients()) {
    for (std::size_t i = 0; i < client->requests().size(); ++i) {
      const auto& request = client->requests()[i];
      if (request.is_say && request.is_answered && !request.is_refused)
        messages.push_back({client->room(), request.seq, client->text_of(i)});
    }
  }
  return messages;
}

}  // namespace

void measure_crash(const StartedServer& server, const CrashPlan& plan, std::uint32_t victim_number, Sample& sample) {
  Crowd crowd(server.endpoint(), plan);
  crowd.wait_until_all_are_here();
  const Victim victim = choose_victim(server, victim_number);
  std::vector<bool> of_victim;
  for (const auto& client : crowd.clients()) of_victim.push_back(victim.ports.contains(client->local_port()));

  crowd.begin_talking();
  crowd.run_until(os::Monotonic::now() + plan.warm_up + plan.before);
  const Time killed = os::Monotonic::now();
  if (::kill(victim.pid, SIGKILL) != 0)
    throw std::runtime_error(fmt::format("cannot kill process {}: {}", victim.pid, os::error_text(errno)));
  crowd.run_until(killed + plan.after);
  const Time last_due = os::Monotonic::now();
  crowd.stop_talking_and_finish();
  const Time end = os::Monotonic::now();

  std::vector<double> pauses;
  std::uint64_t cut_off = 0;
  std::uint64_t paused = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t gone = 0;
  std::uint64_t still_open = 0;
  for (std::size_t i = 0; i < crowd.clients().size(); ++i) {
    const ReturningClient& client = *crowd.clients()[i];
    const auto pause = pause_of(client.requests(), client.cuts(), client.arrivals(), killed, last_due, end);
    const bool was_cut_off = !client.cuts().empty();
    if (was_cut_off) ++cut_off;
    if (pause >= kPausedFrom) ++paused;
    if (of_victim[i] || was_cut_off || pause >= kPausedFrom) pauses.push_back(in_ms(pause));
    unanswered += static_cast<std::uint64_t>(std::ranges::count(client.requests(), false, &Request::is_answered));
    if (!client.is_here())
      ++gone;
    else
      still_open += client.requests_open();
    if (!client.complaint().empty() && sample.failures.size() < kShownComplaints)
      sample.failures.push_back(client.complaint());
  }
  std::ranges::sort(pauses);
  const HistoryVerdict history = check_history(server.endpoint(), acknowledged(crowd));

  sample.clients = plan.clients;
  sample.figures = {{"cut_off", static_cast<double>(cut_off)},
                    {"paused", static_cast<double>(paused)},
                    {"pause_p50_ms", pauses.empty() ? 0 : pauses[(pauses.size() - 1) / 2]},
                    {"pause_max_ms", pauses.empty() ? 0 : pauses.back()},
                    {"unanswered", static_cast<double>(unanswered)},
                    {"lost", static_cast<double>(history.lost)},
                    {"killed_of", static_cast<double>(std::ranges::count(of_victim, true))}};
  sample.detail = {{"timeline", timeline(crowd, plan, killed)}, {"bucket_ms", kTimelineBucket.count()}};
  if (still_open > 0)
    sample.failures.push_back(fmt::format("{} requests were not answered on connections that lived on", still_open));
  if (gone > 0) sample.failures.push_back(fmt::format("{} clients could not come back", gone));
  if (history.lost > 0)
    sample.failures.push_back(fmt::format("{} acknowledged messages are not in the history", history.lost));
  if (history.doubled > 0)
    sample.failures.push_back(fmt::format("{} messages stand in the history more than once", history.doubled));
}

}  // namespace rookery::load
