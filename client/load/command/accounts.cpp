// client/load/command/accounts.cpp
//
// `rookery-load accounts`.
#include <memory>

#include "client/load/command/command.h"
#include "client/load/command/load_options.h"
#include "client/load/scenario/accounts_board.h"

namespace rookery::load {

void add_accounts(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<LoadOptions>(Mode::Accounts);
  // A password costs the server some 17 ms of a core: more clients wait longer, and no more is done.
  options->plan.clients = 40;
  options->seconds = 10;
  options->patience_per_client = std::chrono::milliseconds{100};
  CLI::App* accounts =
      app.add_subcommand("accounts", "half of the clients register while the others log in, converse and log out");
  add_load_options(*accounts, *options,
                   {.window = false,
                    .most_clients = AccountsBoard::kMostClients,
                    .rate_text = "open loop: operations a second, all clients together; half of those of the "
                                 "registering clients are registrations; latency counts from when each was due"});
  accounts->footer(
      "Operations are answers. One half: register, then the same name again, which must be refused. The other half, "
      "on\n"
      "accounts made before the run: login, join a room for eight, say, echo, msg to a neighbour, count, broadcast, "
      "say,\n"
      "history, ping, logout, say (as a guest, or refused), leave. Everything heard is checked: once, in order, byte "
      "for\n"
      "byte, from the right sender, by those concerned and nobody else. Accounts and messages stay on the server.\n"
      "At the end every client waits for its last answer: a tenth of a second for each client, and 5 s, at most.");
  accounts->callback([options, &exit_code] { exit_code = run_and_show(*options); });
}

}  // namespace rookery::load
