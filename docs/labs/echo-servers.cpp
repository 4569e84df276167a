// docs/labs/echo-servers.cpp
//
// The four servers of echo_models.cpp under the same small load, with the figures side by side: clients that come and
// go, and clients that stay. Its page: echo-servers.md.
#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "client/load/histogram.h"
#include "client/load/run.h"
#include "docs/labs/children.h"
#include "docs/labs/echo_load.h"
#include "docs/labs/echo_models.h"
#include "docs/labs/lab.h"
#include "docs/labs/say.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

double in_ms(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void come_and_go(const EchoModel& model, unsigned hands, const EchoLoad& load) {
  const EchoServer server(model, hands, 0);
  const std::vector<Conversation> all = hold_conversations(server.port(), load);

  load::Histogram waits;  // from the knock at the door to the first answer
  for (const Conversation& one : all) waits.record(one.served - one.came);
  const auto whole =
      std::ranges::max(all, {}, &Conversation::left).left - std::ranges::min(all, {}, &Conversation::came).came;
  say("{:<24}{:>15.1f}{:>9}{:>16.1f}{:>17.1f}{:>8}", model.title, 1000 * static_cast<double>(all.size()) / in_ms(whole),
      most_at_once(all), in_ms(waits.at(0.5)), in_ms(waits.max()), std::ranges::count(all, false, &Conversation::good));
}

void stay(const EchoModel& model, unsigned hands, unsigned clients, milliseconds time, milliseconds patience) {
  const EchoServer server(model, hands, 0);
  load::LoadPlan plan;
  plan.mode = load::Mode::Echo;
  plan.server.port = std::to_string(server.port());
  plan.clients = clients;
  plan.warm_up = milliseconds(0);
  plan.duration = time;
  plan.patience = patience;
  load::Observer nobody;
  try {
    const load::LoadOutcome outcome = run_load(plan, nobody);
    say("{:<24}{:>15.0f}{:>16.3f}{:>17.3f}{:>9}", model.title, outcome.per_second(), in_ms(outcome.latency.at(0.5)),
        in_ms(outcome.latency.max()), outcome.ok() ? "no" : "yes");
  } catch (const load::CannotRun& reason) {
    say("{:<24}  could not begin: {}", model.title, reason.what());
  }
}

void serve(const EchoModel& model, unsigned hands, unsigned port, std::chrono::seconds time) {
  const EchoServer server(model, hands, static_cast<std::uint16_t>(port));
  say("{}, for {} s: nc 127.0.0.1 {}", model.title, time.count(), server.port());
  if (readable_within(server.pidfd(), time)) say("the server has ended by itself");
}

const EchoModel& model_called(const std::string& name) {
  const EchoModel* const model = find_echo_model(name);
  if (model == nullptr) throw UsageError("--serve and --only want one of one, threads, pool, prefork");
  return *model;
}

}  // namespace

int echo_servers(Options& options) {
  EchoLoad load{};
  load.clients = options.number("clients", 8, "how many there are at a time", 1, 64);
  load.rounds = options.number("rounds", 3, "conversations of each that comes and goes", 1, 1000);
  load.requests = options.number("requests", 5, "in each conversation", 1, 1000);
  load.think = options.milliseconds("think", 10, "after each answer");
  const unsigned staying = options.number("staying", 4, "clients who do not come and go", 1, 64);
  const milliseconds stays = options.milliseconds("stay", 500, "how long they stay");
  const milliseconds patience = options.milliseconds("patience", 1000, "theirs, until each has had an answer");
  const unsigned hands = options.number("hands", 4, "threads of the pool, and processes forked before", 1, 64);
  const std::string only = options.text("only", "", "compare none but one, threads, pool or prefork");
  const std::string name = options.text("serve", "", "instead: serve as one, threads, pool or prefork, for your nc");
  const unsigned port = options.number("port", 0, "where to serve, 0: any that is free", 0, 65535);
  const std::chrono::seconds seconds(options.number("seconds", 60, "how long to serve", 1, 3600));
  options.complete();

  if (!name.empty()) {
    serve(model_called(name), hands, port, seconds);
    return 0;
  }
  const std::span<const EchoModel> models = only.empty() ? echo_models() : std::span(&model_called(only), 1);
  say("1. {} clients who come, say {} lines, and go; {} times each", load.clients, load.requests, load.rounds);
  say("{:<24}{:>15}{:>9}{:>16}{:>17}{:>8}", "", "conversations/s", "at once", "median wait/ms", "longest wait/ms",
      "failed");
  for (const EchoModel& model : models) come_and_go(model, hands, load);

  say("2. {} clients who stay, and never think", staying);
  say("{:<24}{:>15}{:>16}{:>17}{:>9}", "", "answers/s", "median/ms", "longest/ms", "faults");
  for (const EchoModel& model : models) stay(model, hands, staying, stays, patience);
  return 0;
}

}  // namespace rookery::labs
