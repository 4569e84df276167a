// docs/labs/echo-servers.cpp
//
// The four servers of echo_models.cpp under the same small load, with the figures side by side. Its page:
// echo-servers.md.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include "docs/labs/children.h"
#include "docs/labs/echo_load.h"
#include "docs/labs/echo_models.h"
#include "docs/labs/lab.h"
#include "docs/labs/say.h"

namespace rookery::labs {

namespace {

void show(const EchoModel& model, const std::vector<Conversation>& all) {
  const auto ms = [](auto time) { return std::chrono::duration<double, std::milli>(time).count(); };
  std::vector<double> waits;
  for (const Conversation& one : all) waits.push_back(ms(one.served - one.came));
  std::ranges::sort(waits);
  const double whole_ms =
      ms(std::ranges::max(all, {}, &Conversation::left).left - std::ranges::min(all, {}, &Conversation::came).came);
  say("{:<24}{:>15.1f}{:>9}{:>16.1f}{:>17.1f}{:>8}", model.title, 1000.0 * static_cast<double>(all.size()) / whole_ms,
      most_at_once(all), waits[waits.size() / 2], waits.back(), std::ranges::count(all, false, &Conversation::good));
}

void measure(const EchoModel& model, unsigned hands, const EchoLoad& load) {
  const os::FileDescriptor listener = listen_on_loopback(0);
  os::Process server = start_child([&] { return model.serve(listener.get(), hands), 0; });
  const std::vector<Conversation> all =
      hold_conversations(port_of(listener), load);  // its threads have ended: we may fork
  server.signal(SIGTERM);
  const os::ExitStatus end = wait_for_end(server);
  if (!end.signalled || end.value != SIGTERM) throw std::runtime_error("a server ended with " + end.describe());
  show(model, all);
}

void serve(const EchoModel& model, unsigned port, unsigned hands, unsigned seconds) {
  const os::FileDescriptor listener = listen_on_loopback(static_cast<std::uint16_t>(port));
  os::Process server = start_child([&] { return model.serve(listener.get(), hands), 0; });
  say("{}, for {} s: nc 127.0.0.1 {}", model.title, seconds, port_of(listener));
  static_cast<void>(readable_within(server.pidfd(), std::chrono::seconds(seconds)));
  server.signal(SIGTERM);
  say("the server ended with {}", wait_for_end(server).describe());
}

}  // namespace

int echo_servers(Options& options) {
  EchoLoad load{};
  load.clients = options.number("clients", 8, "who come at the same time", 1, 64);
  load.rounds = options.number("rounds", 3, "conversations of each client", 1, 1000);
  load.requests = options.number("requests", 5, "in each conversation", 1, 1000);
  load.think = options.milliseconds("think", 10, "how long a client thinks after each answer");
  load.patience =
      std::chrono::seconds(options.number("patience", 30, "seconds that a client waits for an answer", 1, 600));
  const unsigned hands = options.number("hands", 4, "threads of the pool, and processes forked before", 1, 64);
  const std::string name = options.text("serve", "", "instead: one of one, threads, pool, prefork, for your nc");
  const unsigned port = options.number("port", 0, "where to serve, 0: any that is free", 0, 65535);
  const unsigned seconds = options.number("seconds", 60, "how long to serve", 1, 3600);
  options.complete();

  if (!name.empty()) {
    const EchoModel* const model = find_echo_model(name);
    if (model == nullptr) throw UsageError("--serve wants one of one, threads, pool, prefork");
    serve(*model, port, hands, seconds);
    return 0;
  }
  say("{:<24}{:>15}{:>9}{:>16}{:>17}{:>8}", "", "conversations/s", "at once", "median wait/ms", "longest wait/ms",
      "failed");
  for (const EchoModel& model : echo_models()) measure(model, hands, load);
  return 0;
}

}  // namespace rookery::labs
