#include "master/options/command_line.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "master/options/nearest.h"
#include "master/options/settings.h"

namespace rookery::master {
namespace {

constexpr std::string_view kDescription =
    "Rookery, a group-chat server for one machine that goes on when parts of it die.";

constexpr std::string_view kAfterTheOptions =
    R"(The first of these that has an option decides: command line, environment, .env in the working
directory, configuration file, default. Empty environment variables do not count.
Those marked 'reload' change at a reload, which reads all of these again and drops nobody. The others
keep their values until a restart (--pool: until an upgrade), and the log names those that differ.

Signals:
  SIGTERM, SIGINT    stop accepting, tell the clients, make everything durable, exit; a second one forces it
  SIGHUP             reload: the configuration is read again and applied, or refused as a whole
  SIGUSR1            the log file is opened anew, in all processes
  SIGTTIN, SIGTTOU   one worker more, one less
  SIGUSR2            upgrade: the installed program takes over, nobody is dropped

Exit codes:
  0   shut down in good order
  64  the command line is wrong
  69  the port, the metrics' address or the data directory is in use
  70  the shutdown was forced, an internal error, or no memory, threads or descriptors for the start
  78  the environment, .env or the configuration file is wrong

Example:
  rookery-master --host 0.0.0.0 --port 5000 --workers 4 --data /var/lib/rookery

When it serves it prints one line, READY host=... port=... pid=..., and then takes console commands on standard
input; 'help' lists them.)";

class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    std::string text = fmt::format("{}:\n", group);
    for (const CLI::Option* option : options) text += make_option(option, is_positional);
    return text;
  }

  std::string make_usage(const CLI::App* /*app*/, std::string name) const override {
    return fmt::format("\nUsage: {} [OPTION VALUE]...\n\n", name);
  }
};

std::string described(const Setting& setting) {
  std::string text = fmt::format("{}\n[{}; {}", setting.help, setting.default_text, setting.environment_variable());
  if (!setting.alias.empty()) text += fmt::format(" or {}", setting.alias);
  return text + (setting.change.when == Change::When::AtReload ? "; reload]" : "]");
}

struct Parser {
  CLI::App app{std::string{kDescription}, "rookery-master"};
  std::vector<std::pair<const Setting*, CLI::Option*>> declared;

  Parser() {
    constexpr std::size_t kColumnOfDescriptions = 30;
    auto formatter = std::make_shared<HelpFormatter>();
    formatter->column_width(kColumnOfDescriptions);
    app.formatter(formatter);
    app.footer(std::string{kAfterTheOptions});
    app.allow_extras();  // our own message for them is a better one
    for (const Setting& setting : settings()) {
      CLI::Option* option = app.add_option(setting.flag(), CLI::callback_t{}, described(setting));
      option->option_text(std::string{setting.value_name});
      option->group(std::string{setting.group});
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
      declared.emplace_back(&setting, option);
    }
    app.set_help_flag("-h,--help", "print this and exit")->group("Information");
    app.set_version_flag("--version", std::string{"rookery-master "} + ROOKERY_VERSION, "print the version and exit")
        ->group("Information");
  }
};

Exit usage_error(std::string_view message) {
  return Exit{.code = EX_USAGE, .out = {}, .err = fmt::format("rookery-master: {}\n", message)};
}

Exit unknown_argument(std::string_view argument) {
  if (!argument.starts_with('-')) {
    return usage_error(fmt::format("unexpected argument '{}' (see rookery-master --help)", argument));
  }
  const std::string_view flag = argument.substr(0, argument.find('='));
  const std::string_view word = flag.substr(std::min(flag.find_first_not_of('-'), flag.size()));
  std::vector<std::string> known{"help", "version"};
  for (const Setting& setting : settings()) known.emplace_back(setting.name);
  if (const std::optional<std::string> guess = nearest(word, known)) {
    return usage_error(fmt::format("unknown option {} (did you mean --{}?)", flag, *guess));
  }
  return usage_error(fmt::format("unknown option {} (see rookery-master --help)", flag));
}

}  // namespace

std::variant<CommandLine, Exit> read_command_line(std::span<const std::string> arguments) {
  Parser parser;
  try {
    parser.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // it wants them last first
  } catch (const CLI::CallForHelp&) {
    return Exit{.code = 0, .out = parser.app.help(), .err = {}};
  } catch (const CLI::CallForVersion& version) {
    return Exit{.code = 0, .out = fmt::format("{}\n", version.what()), .err = {}};
  } catch (const CLI::ArgumentMismatch&) {
    // An option takes whatever follows as its value, so only the last argument can be without one.
    const std::string& last = arguments.back();
    return usage_error(fmt::format("{} needs a value", last.substr(0, last.find('='))));
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }
  const std::vector<std::string> extras = parser.app.remaining();
  // "--" ends the options; it is among the extras, and harmless by itself.
  if (const auto extra = std::ranges::find_if(extras, [](const auto& e) { return e != "--"; }); extra != extras.end()) {
    return unknown_argument(*extra);
  }

  CommandLine values;
  for (const auto& [setting, option] : parser.declared) {
    if (option->count() > 0) values.emplace(setting->name, option->results().back());
  }
  return values;
}

}  // namespace rookery::master
