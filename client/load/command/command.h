// client/load/command/command.h
//
// The subcommands of rookery-load. To add a family: a file of its own in this directory with a function below, and a
// line in main.cpp. The function adds its subcommands to `app` and gives each a callback that does the work and leaves
// the exit code in `exit_code` (client/terminal/exit_code.h).
#pragma once

#include <CLI/CLI.hpp>

namespace rookery::load {

void add_echo_and_fanout(CLI::App& app, int& exit_code);
void add_accounts(CLI::App& app, int& exit_code);
void add_churn_and_idle(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);

}  // namespace rookery::load
