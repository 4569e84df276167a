#include "client/load/run.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "client/load/engine/address.h"
#include "client/load/engine/conductor.h"
#include "client/load/engine/loop.h"
#include "client/load/engine/strain.h"
#include "client/load/scenario/scenario.h"

namespace rookery::load {
namespace {

constexpr std::chrono::milliseconds kProgressEvery{200};
constexpr std::chrono::milliseconds kLate{1};

// Besides the connections: standard streams, what the caller has open, an epoll instance and an eventfd of each thread.
constexpr rlim_t kOtherDescriptors = 64;

void make_room_for(std::uint32_t connections, std::uint32_t threads) {
  const rlim_t wanted = connections + rlim_t{2} * threads + kOtherDescriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  if (limit.rlim_max < wanted)
    throw CannotRun(fmt::format("{} connections need {} file descriptors, and this process may have {} (ulimit -Hn)",
                                connections, wanted, limit.rlim_max));
  limit.rlim_cur = wanted;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    throw CannotRun(fmt::format("{} connections need {} file descriptors, and the limit cannot be raised: {}",
                                connections, wanted, std::system_category().message(errno)));
}

std::uint64_t operations_of(const std::vector<std::unique_ptr<Loop>>& loops) {
  std::uint64_t sum = 0;
  for (const auto& loop : loops) sum += loop->operations();
  return sum;
}

// Tells the observer what the loops do, until they have all ended.
void watch(const LoadPlan& plan, Conductor& conductor, const std::vector<std::unique_ptr<Loop>>& loops,
           Observer& observer) {
  // Until `moment`, but not for long. True when it is over.
  const auto wait = [&](Conductor::Moment moment) {
    observer.waits();
    return conductor.wait_until(std::min(moment, os::Monotonic::now() + kProgressEvery)) || conductor.failed();
  };
  while (!conductor.begin())
    if (wait(Conductor::Moment::max())) return;
  const auto begin = *conductor.begin();
  const auto from = begin + plan.warm_up;
  const auto to = from + plan.duration;
  while (os::Monotonic::now() < from)
    if (wait(from)) return;
  observer.counting_begins();
  for (auto now = os::Monotonic::now(); now < to; now = os::Monotonic::now()) {
    if (wait(to)) break;
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(os::Monotonic::now() - from);
    observer.progress(std::min(passed, plan.duration), plan.duration, operations_of(loops));
  }
  observer.counting_ends();
  while (!wait(Conductor::Moment::max())) {
  }
}

// Where the figures are those of the load tool rather than of the server.
void remark_on_the_tool(const std::vector<std::unique_ptr<Loop>>& loops, LoadOutcome& outcome) {
  std::vector<Strain> strains;
  Histogram lateness;
  for (const auto& loop : loops) {
    strains.push_back(loop->strain());
    lateness.add(loop->lateness());
  }
  if (auto remark = remark_on(strains)) outcome.remarks.push_back(std::move(*remark));
  if (lateness.at(0.99) > kLate)
    outcome.remarks.push_back(
        fmt::format("the load tool did not keep its own schedule: it was {:.1f} ms late or more with 1 % of the "
                    "requests, which is part of their latency",
                    std::chrono::duration<double, std::milli>(lateness.at(0.99)).count()));
}

void run_threads(const LoadPlan& plan, Conductor& conductor, const std::vector<std::unique_ptr<Loop>>& loops,
                 Observer& observer) {
  std::vector<std::jthread> threads;  // joins them, whatever happens
  try {
    for (const auto& loop : loops) threads.emplace_back([&loop] { loop->run(); });
  } catch (const std::system_error& error) {
    return conductor.fail(fmt::format("cannot start {} threads: {}", plan.threads, error.what()));
  }
  try {
    watch(plan, conductor, loops, observer);
  } catch (...) {
    conductor.fail("nobody wants the result");
    throw;
  }
}

}  // namespace

LoadOutcome run_load(const LoadPlan& plan, Observer& observer) {
  const std::unique_ptr<Scenario> scenario = make_scenario(plan);
  make_room_for(scenario->connections(), plan.threads);
  const Address address = find_server(plan.server, plan.patience);

  std::optional<Conductor> conductor;
  std::vector<std::unique_ptr<Loop>> loops;
  try {
    conductor.emplace(plan.threads);
    for (std::uint32_t thread = 0; thread < plan.threads; ++thread)
      loops.push_back(std::make_unique<Loop>(plan, *scenario, *conductor, address, thread));
    run_threads(plan, *conductor, loops, observer);
  } catch (const std::system_error& error) {
    throw CannotRun(error.what());
  }
  if (conductor->failed()) throw CannotRun(conductor->why());

  LoadOutcome outcome;
  outcome.plan = plan;
  outcome.seconds = std::chrono::duration<double>(plan.duration).count();
  for (const auto& loop : loops) loop->report(outcome);
  remark_on_the_tool(loops, outcome);
  scenario->judge(outcome);
  if (outcome.faults.refused.contains("rate-limited"))
    outcome.remarks.emplace_back("the server limits how many lines a client may send: its --max-line-rate");
  if (plan.mode != Mode::Fanout) outcome.sent = outcome.operations;
  return outcome;
}

}  // namespace rookery::load
