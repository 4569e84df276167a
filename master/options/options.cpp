#include "master/options/options.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "ipc/os/processors.h"
#include "ipc/wire/data_directory.h"
#include "master/options/command_line.h"
#include "master/options/nearest.h"
#include "master/options/settings.h"
#include "master/options/settings_file.h"

namespace rookery::master {
namespace {

// A value and where the operator will find it.
struct Given {
  std::string value;
  std::string source;  // "--port", "environment variable PORT", ".env:3: PORT", "rookery.conf:3: port"
  bool on_command_line = false;
};

class Refused : public std::runtime_error {
 public:
  Refused(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

void apply(const Setting& setting, Options& options, const Given& given) {
  try {
    setting.apply(options, given.value);
  } catch (const BadValue& bad) {
    throw Refused(given.on_command_line ? EX_USAGE : EX_CONFIG, fmt::format("{}: {}", given.source, bad.what()));
  }
}

// Answers, for one setting at a time, which source decides. Add sources from the strongest to the weakest.
class Sources {
 public:
  explicit Sources(const CommandLine& command_line) {
    for (const auto& [name, value] : command_line) {
      found_.emplace(name, Given{.value = value, .source = fmt::format("--{}", name), .on_command_line = true});
    }
  }

  void add_environment(const std::map<std::string, std::string, std::less<>>& environment) {
    add_variables([&](std::string_view variable) -> std::optional<Given> {
      const auto entry = environment.find(variable);
      if (entry == environment.end()) return std::nullopt;
      return Given{.value = entry->second, .source = fmt::format("environment variable {}", variable)};
    });
  }

  void add_dotenv(const std::vector<FileSetting>& entries, const std::string& file_name) {
    add_variables([&](std::string_view variable) -> std::optional<Given> {
      const auto last = std::ranges::find(entries.rbegin(), entries.rend(), variable, &FileSetting::key);
      if (last == entries.rend()) return std::nullopt;
      return Given{.value = last->value, .source = fmt::format("{}:{}: {}", file_name, last->line, variable)};
    });
  }

  // Judges the whole file, also what a stronger source overrides: it was written for this server alone.
  void add_config(const std::vector<FileSetting>& entries, const std::string& file_name) {
    std::vector<std::string> keys;
    for (const Setting& setting : settings()) {
      if (setting.name != kConfigSetting) keys.emplace_back(setting.name);
    }
    std::map<std::string, unsigned, std::less<>> first_lines;
    for (const FileSetting& entry : entries) {
      const std::string source = fmt::format("{}:{}: {}", file_name, entry.line, entry.key);
      if (std::ranges::find(keys, entry.key) == keys.end()) {
        const std::optional<std::string> guess = nearest(entry.key, keys);
        throw Refused(EX_CONFIG,
                      fmt::format("{}:{}: unknown key '{}' {}", file_name, entry.line, entry.key,
                                  guess ? fmt::format("(did you mean '{}'?)", *guess) : "(see rookery-master --help)"));
      }
      if (const auto [first, is_new] = first_lines.emplace(entry.key, entry.line); !is_new) {
        throw Refused(EX_CONFIG, fmt::format("{}: stands in line {} already", source, first->second));
      }
      Given given{.value = entry.value, .source = source};
      Options scratch;
      apply(*std::ranges::find(settings(), entry.key, &Setting::name), scratch, given);
      found_.emplace(entry.key, std::move(given));
    }
  }

  [[nodiscard]] const Given* find(std::string_view name) const {
    const auto entry = found_.find(name);
    return entry == found_.end() ? nullptr : &entry->second;
  }

 private:
  // emplace() leaves alone what a stronger source has set. Empty variables count as unset, as they do for CLI11 and for
  // most who write `PORT= program`.
  template <typename Lookup>
  void add_variables(const Lookup& lookup) {
    for (const Setting& setting : settings()) {
      std::optional<Given> given = lookup(setting.environment_variable());
      if ((!given || given->value.empty()) && !setting.alias.empty()) given = lookup(setting.alias);
      if (given && !given->value.empty()) found_.emplace(setting.name, std::move(*given));
    }
  }

  std::map<std::string, Given, std::less<>> found_;
};

std::vector<FileSetting> read_dotenv(const Surroundings& surroundings) {
  const std::filesystem::path& directory = surroundings.directory;
  const std::filesystem::path path = directory / ".env";
  std::error_code error;
  // A directory of this name is somebody's Python environment.
  if (!std::filesystem::is_regular_file(path, error)) return {};
  return read_settings_file(path, ".env", surroundings.must_not_wait);
}

void apply_all(const Sources& sources, Options& options) {
  for (const Setting& setting : settings()) {
    if (const Given* given = sources.find(setting.name)) apply(setting, options, *given);
  }
}

// Until all are known the defaults give way (default_workers, default_max_workers), so only what was asked for can be
// too much.
void check_shape(const Sources& sources, const Options& options) {
  const Given* workers = sources.find("workers");
  const Given* places = sources.find("max-workers");
  const Given* loops = sources.find("loops");
  const auto refuse = [](const Given& one, const Given& other, const std::string& why) {
    throw Refused(one.on_command_line && other.on_command_line ? EX_USAGE : EX_CONFIG, why);
  };
  if (workers != nullptr && places != nullptr && options.max_workers < options.workers)
    refuse(*workers, *places,
           fmt::format("{} workers ({}) are more than the {} there may be ({})", options.workers, workers->source,
                       options.max_workers, places->source));
  const Given* const most = places != nullptr ? places : workers;
  const unsigned number = places != nullptr ? options.max_workers : options.workers;
  if (most != nullptr && loops != nullptr && number * options.loops > kMaxLoopsInAll)
    refuse(*most, *loops,
           fmt::format("{} workers ({}) of {} loops ({}) make {} loops; {} in all are the most", number, most->source,
                       options.loops, loops->source, number * options.loops, kMaxLoopsInAll));
}

// A mistyped ROOKERY_ variable would be passed over in silence. What it holds is not repeated: it may be a secret.
std::vector<std::string> unknown_variables(const std::map<std::string, std::string, std::less<>>& environment,
                                           const std::vector<FileSetting>& dotenv) {
  constexpr std::string_view kPrefix = "ROOKERY_";
  constexpr std::string_view kOfTests = "ROOKERY_FAULT";
  std::vector<std::string> known;
  for (const Setting& setting : settings()) known.push_back(setting.environment_variable());
  std::vector<std::string> doubts;
  const auto look_at = [&](std::string_view variable, const std::string& where) {
    if (!variable.starts_with(kPrefix) || variable == kOfTests || std::ranges::find(known, variable) != known.end())
      return;
    const std::optional<std::string> guess = nearest(variable, known);
    doubts.push_back(fmt::format("{} {} means nothing here {}", where, variable,
                                 guess ? fmt::format("(did you mean {}?)", *guess) : "(see rookery-master --help)"));
  };
  for (const auto& [variable, value] : environment) look_at(variable, "environment variable");
  for (const FileSetting& entry : dotenv) look_at(entry.key, fmt::format(".env:{}:", entry.line));
  return doubts;
}

constexpr unsigned kMostWorkers = 64;

unsigned default_workers(unsigned most) {
  return std::clamp(os::usable_processors(), 1U, most);
}

unsigned default_max_workers(unsigned workers, unsigned loops) {
  constexpr unsigned kFewPlaces = 16;
  return std::clamp(std::max(2 * workers, kFewPlaces), workers, std::min(kMostWorkers, kMaxLoopsInAll / loops));
}

std::filesystem::path default_data() {
  try {
    return wire::default_data_directory();
  } catch (const std::runtime_error& error) {
    throw Refused(EX_CONFIG, error.what());
  }
}

Options resolve(const CommandLine& command_line, const Surroundings& surroundings) {
  Sources sources{command_line};
  {
    Options scratch;  // a bad command line is told as such, whatever else is wrong
    apply_all(sources, scratch);
    check_shape(sources, scratch);
  }
  sources.add_environment(surroundings.environment);
  const std::vector<FileSetting> dotenv = read_dotenv(surroundings);
  sources.add_dotenv(dotenv, ".env");
  if (const Given* given = sources.find(kConfigSetting)) {
    const std::filesystem::path file = surroundings.directory / given->value;
    sources.add_config(read_settings_file(file, given->value, surroundings.must_not_wait), given->value);
  }

  Options options;
  apply_all(sources, options);
  check_shape(sources, options);
  const bool places_given = sources.find("max-workers") != nullptr;
  if (sources.find("workers") == nullptr)
    options.workers =
        default_workers(std::min(places_given ? options.max_workers : kMostWorkers, kMaxLoopsInAll / options.loops));
  if (!places_given) options.max_workers = default_max_workers(options.workers, options.loops);
  if (options.data.empty()) options.data = default_data();
  options.doubts = unknown_variables(surroundings.environment, dotenv);
  return options;
}

std::map<std::string, std::string, std::less<>> environment_of_this_process() {
  std::map<std::string, std::string, std::less<>> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    if (const std::size_t equals = text.find('='); equals != std::string_view::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

Surroundings surroundings_of_this_process(bool must_not_wait) {
  std::error_code error;  // without a working directory there is no .env either
  return {.environment = environment_of_this_process(),
          .directory = std::filesystem::current_path(error),
          .must_not_wait = must_not_wait};
}

}  // namespace

std::string complaint_of(const Exit& exit) {
  constexpr std::string_view kOwnName = "rookery-master: ";
  std::string line = exit.err.substr(0, exit.err.find('\n'));
  if (line.starts_with(kOwnName)) line.erase(0, kOwnName.size());
  return line;
}

bool Options::guests_allowed() const {
  return allow_guests.value_or(is_loopback_host(host));
}

bool Options::registration_open() const {
  return registration.value_or(is_loopback_host(host) ? Registration::Open : Registration::Closed) ==
         Registration::Open;
}

bool is_loopback_host(std::string_view host) noexcept {
  constexpr std::string_view kLocalhost = "localhost";
  if (host.size() == kLocalhost.size() && strncasecmp(host.data(), kLocalhost.data(), host.size()) == 0) return true;

  // inet_pton wants a zero at the end; no address is longer than this.
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.size() >= text.size()) return false;
  std::ranges::copy(host, text.begin());
  if (in_addr four{}; inet_pton(AF_INET, text.data(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  if (inet_pton(AF_INET6, text.data(), &six) != 1) return false;
  constexpr std::size_t kFirstByteOfMappedFour = 12;
  return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[kFirstByteOfMappedFour] == 127);
}

ParseResult parse_options(std::span<const std::string> arguments, const Surroundings& surroundings) {
  const auto refuse = [](int code, std::string_view message) {
    return Exit{.code = code, .out = {}, .err = fmt::format("rookery-master: {}\n", message)};
  };
  try {
    const std::variant<CommandLine, Exit> command_line = read_command_line(arguments);
    if (const Exit* exit = std::get_if<Exit>(&command_line)) return *exit;
    return resolve(std::get<CommandLine>(command_line), surroundings);
  } catch (const Refused& refused) {
    return refuse(refused.code(), refused.what());
  } catch (const BrokenFile& broken) {
    return refuse(EX_CONFIG, broken.what());
  }
}

ParseResult parse_options(std::span<const std::string> arguments) {
  return parse_options(arguments, surroundings_of_this_process(false));
}

ParseResult parse_options_again(std::span<const std::string> arguments) {
  return parse_options(arguments, surroundings_of_this_process(true));
}

}  // namespace rookery::master
