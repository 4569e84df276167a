// client/load/compare/command.h
//
// `rookery-load compare`: measures, prints a table, writes results.json and report.html.
#pragma once

namespace CLI {
class App;
}

namespace rookery::load {

// Adds the subcommand to `app`; its callback does the work and leaves the exit code in `exit_code`.
void add_compare(CLI::App& app, int& exit_code);

}  // namespace rookery::load
