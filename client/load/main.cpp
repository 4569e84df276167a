// client/load/main.cpp
//
// rookery-load: puts load on a Rookery server, measures, and checks what it measures. Each family of subcommands is a
// file in client/load/command/.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "client/load/command/command.h"
#include "client/load/compare/command.h"
#include "client/terminal/exit_code.h"

namespace {

using namespace rookery;

int run(int argc, char** argv) {
  CLI::App app("Puts load on a running Rookery server, measures, and checks every answer.", "rookery-load");
  app.set_version_flag("--version", "rookery-load " ROOKERY_VERSION);
  app.require_subcommand(1);
  app.footer(
      "`rookery-load COMMAND --help` has the options of each.\n"
      "Exit codes: 0 good, 1 something was lost, doubled, wrong ..., 64 usage, 69 no connection.");
  int exit_code = client::kExitOk;
  load::add_echo_and_fanout(app, exit_code);
  load::add_accounts(app, exit_code);
  load::add_churn_and_idle(app, exit_code);
  load::add_compare(app, exit_code);
  load::add_report(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "rookery-load: %s\nTry: rookery-load --help\n", error.what());
    return client::kExitUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rookery-load: %s\n", error.what());
    return client::kExitInternal;
  }
}
