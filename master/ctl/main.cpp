// master/ctl/main.cpp
//
// rookery-ctl: the operator's console from another terminal. One command a run.
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "ipc/wire/data_directory.h"
#include "master/ctl/ask.h"
#include "master/ctl/store_commands.h"
#include "master/ctl/top.h"

namespace {

using namespace rookery::ctl;

constexpr const char* kCommands =
    "Commands:\n"
    "  status               the server on one screen: what it is, who is there, how fast it goes, can one post\n"
    "  top                  the same, refreshed, with a table of the processes: -n REFRESHES, --interval SECONDS (2);\n"
    "                       keys: q quit, space now, s sort, + - interval; without a terminal as plain text\n"
    "  list                 the clients: id, name, address, dialect, worker, since, messages\n"
    "  count                how many clients there are\n"
    "  workers              the processes: pid, state, age, restarts, heartbeat, clients, outbox depth\n"
    "  broadcast TEXT       a notice to every client\n"
    "  kick ID [REASON]     close a client's connection\n"
    "  drain SLOT           hand a worker's clients to the others and keep it down until scale\n"
    "  scale N              have N workers; fewer hand their clients over\n"
    "  kill SLOT            end a worker by SIGKILL, for drills: its successor carries its clients on\n"
    "  reload               read the configuration again\n"
    "  log-reopen           open the log file again, for logrotate\n"
    "  upgrade              the program installed by now takes over; nobody is dropped\n"
    "  user list [PREFIX]   the accounts\n"
    "  user add|passwd NAME a new account, a new password; it is asked for, or read from standard input\n"
    "  user lock|unlock|remove NAME\n"
    "                       shut an account out, or let it in again, or remove it\n"
    "  ban MASK [--for TIME] [REASON]\n"
    "                       shut out an account, an address or a range of them (203.0.113.0/24), for a TIME (30m,\n"
    "                       12h, 7d) or for ever: its connections are closed, and it is refused with the reason\n"
    "  unban MASK           lift that ban, as bans lists it\n"
    "  bans                 who is banned, since when, how long and why\n"
    "  room list            the rooms, with their members and messages\n"
    "  history export [#ROOM] [FILE] [--force]\n"
    "                       what was said, as lines of JSON, to standard output or into FILE, which may be a FIFO\n"
    "                       or a device\n"
    "  backup [FILE] [--force]\n"
    "                       a consistent copy of the store, also while it serves; without FILE in DATA/backups\n"
    "  check [FILE]         is the store, or a backup of it, whole?\n"
    "  restore FILE         put a backup in the store's place; not while a server runs\n"
    "                       (FILE appears when it is complete. A file that exists is replaced only with --force, and\n"
    "                       only if it is a regular file: no link, device or FIFO)\n"
    "  help                 what the running server understands\n"
    "  exit                 shut the server down\n"
    "\n"
    "With --json each command's answer is one JSON document on standard output, {\"ok\":true,...} or\n"
    "{\"ok\":false,\"error\":CODE,\"message\":...}.\n"
    "\n"
    "Exit codes: 0 done, 1 refused or failed, or the store is damaged, 64 usage, 69 no server answers\n"
    "(restore: one runs), 70 the answer broke off, or an internal error.";

int usage_error(const std::string& message) {
  std::fprintf(stderr, "rookery-ctl: %s\nTry: rookery-ctl --help\n", message.c_str());
  return EX_USAGE;
}

}  // namespace

int main(int argc, char** argv) {
  std::string data;
  bool json = false;
  CLI::App app("rookery-ctl [--data DIR] [--json] COMMAND... gives a command to the Rookery server of that directory.",
               "rookery-ctl");
  app.footer(kCommands);
  app.set_version_flag("--version", "rookery-ctl " ROOKERY_VERSION);
  app.add_option("--data", data,
                 "the server's data directory; default ROOKERY_DATA, else XDG_STATE_HOME/rookery, else "
                 "~/.local/state/rookery")
      ->option_text("DIR");
  app.add_flag("--json", json, "the answer as one JSON document");
  app.prefix_command();  // whatever follows the command's word is the command's
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }

  const std::vector<std::string> words = app.remaining();
  const auto directory = [&] {
    return data.empty() ? rookery::wire::default_data_directory() : std::filesystem::path(data);
  };
  try {
    if (!words.empty() && words.front() == "top") {
      if (json) return usage_error("top shows a screen; for programs there is --json status");
      return run_top({directory(), false}, parse_top_options({words.begin() + 1, words.end()}));
    }
  } catch (const std::exception& error) {
    return usage_error(error.what());
  }

  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
  if (command.empty()) return usage_error("which command?");
  if (command.starts_with('-')) return usage_error("there is no option " + words.front());
  if (command.find('\n') != std::string::npos) return usage_error("a command is one line");
  try {
    const Server server{directory(), json};
    if (const auto exit_code = run_store_command(server, words)) return *exit_code;
    return ask(server, command);
  } catch (const std::exception& error) {
    return usage_error(error.what());
  }
}
