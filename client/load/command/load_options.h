// client/load/command/load_options.h
//
// What the subcommands that run one plan have in common: their options, and running it with progress and result.
//
//     auto options = std::make_shared<LoadOptions>(Mode::Echo);
//     CLI::App* echo = app.add_subcommand("echo", "...");
//     add_load_options(*echo, *options);
//     echo->callback([options, &exit_code] { exit_code = run_and_show(*options); });
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "client/load/plan.h"
#include "client/load/text.h"

namespace rookery::load {

struct LoadOptions {
  explicit LoadOptions(Mode mode) { plan.mode = mode; }

  LoadPlan plan;
  std::string server;
  std::string dialect = "text";
  double seconds = 5;
  double warm_up = 0.5;
  std::int32_t server_pid = 0;  // whose memory and context switches are measured; 0: nobody's
  // Added to the plan's patience: where answers of all clients at once take the server so long.
  std::chrono::milliseconds patience_per_client{0};
  bool json = false;
  bool quiet = false;
};

// Which of the options a mode has; the others are the same for all.
struct LoadOptionsWanted {
  bool message_bytes = true;
  bool window = true;
  bool rate = true;
  bool server_pid = false;
  std::uint32_t most_clients = Texts::kMostClients;
  const char* rate_text =
      "open loop: requests a second, all clients together, whatever the answers do; latency counts from when each was "
      "due";
};
void add_load_options(CLI::App& command, LoadOptions& options, const LoadOptionsWanted& wanted = {});

// Returns the exit code. Throws CLI::ValidationError for what only shows in all options together.
[[nodiscard]] int run_and_show(const LoadOptions& options);

}  // namespace rookery::load
