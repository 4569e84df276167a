// client/terminal/main.cpp
//
// rookery-client: reads the options, connects, and chats at a terminal or in a pipe.
#include <fcntl.h>
#include <langinfo.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "client/terminal/batch.h"
#include "client/terminal/connection.h"
#include "client/terminal/endpoint.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/interactive.h"

namespace {

using namespace rookery::client;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// The chat is UTF-8 whatever the locale says, and the line editor takes its encoding from the locale.
void choose_locale() {
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

bool wants_colour(bool forbidden) {
  const std::string terminal = from_environment("TERM");
  return !forbidden && from_environment("NO_COLOR").empty() && !terminal.empty() && terminal != "dumb";
}

// A socket must not become somebody's standard output.
void open_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) == -1) (void)::open("/dev/null", O_RDWR);  // the lowest free number: this one
}

int usage_error(const std::string& message) {
  std::fprintf(stderr, "rookery-client: %s\nTry: rookery-client --help\n", message.c_str());
  return kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  std::string server;
  std::string name;
  bool no_colour = false;

  CLI::App app(
      "Chat on a Rookery server. At a terminal a line is said in the current room and /help lists the commands;\n"
      "in a pipe each line of standard input is carried out and the replies go to standard output.",
      "rookery-client");
  app.set_version_flag("--version", "rookery-client " ROOKERY_VERSION);
  app.add_option("server", server,
                 "HOST[:PORT], an IPv6 address as [::1]:5000; default ROOKERY_HOST and ROOKERY_PORT, "
                 "else 127.0.0.1:5000")
      ->option_text("HOST[:PORT]");
  app.add_option("--name", name, "log in as NAME at the start; the password is asked for")->option_text("NAME");
  app.add_flag("--no-colour,--no-color", no_colour, "no colours (so does the environment variable NO_COLOR)");
  app.footer(
      "Ctrl-C drops the line being typed, and on an empty line leaves, as Ctrl-D does. A lost connection is made "
      "again.\n"
      "Exit codes: 0 done, 1 a command was refused (in a pipe) or the operator ended the connection, 64 usage, 69 no "
      "connection.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }

  Endpoint defaults;
  if (const std::string port_name = from_environment("ROOKERY_PORT"); !port_name.empty()) defaults.port = port_name;
  std::optional<Endpoint> endpoint = defaults;
  if (const std::string host_name = from_environment("ROOKERY_HOST"); !host_name.empty()) {
    endpoint = parse_endpoint(host_name, defaults);
    if (!endpoint) return usage_error("ROOKERY_HOST=" + host_name + " or ROOKERY_PORT does not name a server");
  }
  endpoint = parse_endpoint(server, *endpoint);
  if (!endpoint) return usage_error("'" + server + "' is not HOST[:PORT] with a port from 1 to 65535");

  const bool interactive = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  if (!interactive && !name.empty())
    return usage_error("--name asks for a password and needs a terminal; in a pipe begin with /login NAME PASSWORD");

  Connection connection(*endpoint);
  if (!connection.connect_and_wait()) {
    std::fprintf(stderr, "rookery-client: cannot connect to %s: %s\n", to_string(*endpoint).c_str(),
                 connection.error().c_str());
    return kExitUnavailable;
  }
  try {
    if (!interactive) return run_batch(connection, ViewStyle{});
    choose_locale();
    InteractiveOptions options{.name = std::nullopt, .style = {.colour = wants_colour(no_colour)}};
    if (!name.empty()) options.name = name;
    return run_interactive(connection, options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rookery-client: %s\n", error.what());
    return kExitInternal;
  }
}
