// client/load/command/churn_idle.cpp
//
// `rookery-load churn` and `rookery-load idle`.
#include <memory>

#include "client/load/command/command.h"
#include "client/load/command/load_options.h"

namespace rookery::load {

void add_churn_and_idle(CLI::App& app, int& exit_code) {
  auto churn_options = std::make_shared<LoadOptions>(Mode::Churn);
  CLI::App* churn = app.add_subcommand("churn", "clients connect, talk and leave, again and again");
  add_load_options(*churn, *churn_options,
                   {.window = false,
                    .rate_text = "open loop: visits that begin in a second, whatever the answers do; "
                                 "latency counts from when each was due"});
  churn->footer(
      "A visit: connect, an echo, join a room of its own and say something there, hear it, leave: half of them with\n"
      "/quit and the server's close, the others by just closing. Operations are finished visits. Who closes first "
      "keeps\n"
      "the port for a minute (TIME_WAIT): to a server elsewhere some 470 visits a second can go on for ever, on "
      "loopback\n"
      "the kernel gives ports back after a second. A run that has no port left says so.");
  churn->callback([churn_options, &exit_code] { exit_code = run_and_show(*churn_options); });

  auto idle_options = std::make_shared<LoadOptions>(Mode::Idle);
  idle_options->plan.clients = 1000;
  CLI::App* idle = app.add_subcommand("idle", "many connections that do nothing; at the end each must still answer");
  add_load_options(*idle, *idle_options, {.message_bytes = false, .window = false, .rate = false, .server_pid = true});
  idle->footer(
      "Each connection sends one line at the start. Latency is that of the pings at the end, all at once. Where "
      "guests\n"
      "may not speak, the server closes them after its --login-grace.");
  idle->callback([idle_options, &exit_code] { exit_code = run_and_show(*idle_options); });
}

}  // namespace rookery::load
