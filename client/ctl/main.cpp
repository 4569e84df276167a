// client/ctl/main.cpp
//
// rookery-ctl: the operator's console from another terminal. One command a run.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "client/ctl/control_client.h"
#include "client/terminal/exit_code.h"
#include "ipc/wire/data_directory.h"

namespace {

using namespace rookery::client;

constexpr const char* kCommands =
    "Commands:\n"
    "  list                 the clients: id, name, address, dialect, worker, since, messages\n"
    "  count                how many clients there are\n"
    "  workers              the workers: pid, state, age, restarts, heartbeat, clients, outbox depth\n"
    "  broadcast TEXT       a notice to every client\n"
    "  kick ID [REASON]     close a client's connection\n"
    "  drain SLOT           hand a worker's clients to the others and keep it down until scale\n"
    "  scale N              have N workers; fewer hand their clients over\n"
    "  upgrade              the program installed by now takes over; nobody is dropped\n"
    "  help                 what the running server understands\n"
    "  exit                 shut the server down\n"
    "\n"
    "Exit codes: 0 done, 1 refused by the server, 64 usage, 69 no server answers, 70 the answer broke off.";

int usage_error(const std::string& message) {
  std::fprintf(stderr, "rookery-ctl: %s\nTry: rookery-ctl --help\n", message.c_str());
  return kExitUsage;
}

int exit_code_of(ControlResult result) {
  switch (result) {
    case ControlResult::Done:
      return kExitOk;
    case ControlResult::Refused:
      return kExitRefused;
    case ControlResult::NoServer:
      return kExitUnavailable;
    case ControlResult::Incomplete:
      break;
  }
  return kExitInternal;
}

int ask(const std::filesystem::path& data_directory, const std::string& command) {
  const ControlAnswer answer =
      ask_server(data_directory, command, [](const std::string& line) { std::puts(line.c_str()); });
  if (answer.result == ControlResult::Done) std::puts(answer.last_line.c_str());
  if (std::fflush(stdout) != 0) {
    std::fputs("rookery-ctl: standard output could not be written\n", stderr);
    return kExitInternal;
  }
  if (answer.result == ControlResult::Refused)
    std::fprintf(stderr, "%s\n", answer.last_line.c_str());
  else if (answer.result != ControlResult::Done)
    std::fprintf(stderr, "rookery-ctl: %s\n", answer.last_line.c_str());
  return exit_code_of(answer.result);
}

}  // namespace

int main(int argc, char** argv) {
  std::string data;
  CLI::App app("rookery-ctl [--data DIR] COMMAND... gives a command to the Rookery server of that data directory.",
               "rookery-ctl");
  app.footer(kCommands);
  app.set_version_flag("--version", "rookery-ctl " ROOKERY_VERSION);
  app.add_option("--data", data,
                 "the server's data directory; default ROOKERY_DATA, else XDG_STATE_HOME/rookery, else "
                 "~/.local/state/rookery")
      ->option_text("DIR");
  app.prefix_command();  // whatever follows the command's word is the command's
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }

  std::string command;
  for (const std::string& word : app.remaining()) command += (command.empty() ? "" : " ") + word;
  if (command.empty()) return usage_error("which command?");
  if (command.starts_with('-')) return usage_error("there is no option " + app.remaining().front());
  if (command.find('\n') != std::string::npos) return usage_error("a command is one line");
  try {
    return ask(data.empty() ? rookery::wire::default_data_directory() : std::filesystem::path(data), command);
  } catch (const std::exception& error) {
    return usage_error(error.what());
  }
}
