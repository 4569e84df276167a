#include "master/options/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <system_error>
#include <utility>

#include "ipc/chat/runtime_settings.h"
#include "ipc/chat/worker_region.h"
#include "master/options/duration.h"
#include "master/options/metrics_address.h"
#include "master/options/setting_change.h"

namespace rookery::master {
namespace {

constexpr unsigned kMaxWorkers = 64;
constexpr unsigned kMaxLoops = 64;
constexpr unsigned kMaxPool = 64;
constexpr int kMaxBacklog = 65'535;
constexpr std::uint32_t kMaxMaxClients = 1'000'000;
constexpr double kMaxLimitSeconds = static_cast<double>(chat::kLongestClientTime.count());
constexpr double kMinShutdownSeconds = 0.1;
constexpr double kMaxShutdownSeconds = 3600;
constexpr std::uint64_t kMinHistoryBytes = std::uint64_t{1} << 20;

template <typename Integer>
Integer whole_number(std::string_view value, Integer lowest, Integer highest) {
  Integer number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < lowest || number > highest) {
    throw BadValue(fmt::format("'{}' is not a whole number from {} to {}", value, lowest, highest));
  }
  return number;
}

std::chrono::milliseconds seconds(std::string_view value, double lowest, double highest) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
  // from_chars reads "inf" and "nan" too; neither lies between the bounds.
  const bool in_range = number >= lowest && number <= highest;
  if (error != std::errc{} || end != value.data() + value.size() || !in_range) {
    throw BadValue(fmt::format("'{}' is not a number of seconds from {} to {}", value, lowest, highest));
  }
  return std::chrono::milliseconds{std::llround(number * 1000)};
}

std::uint64_t with_unit(std::string_view value, std::span<const Unit> units, std::uint64_t lowest,
                        std::uint64_t highest, std::string_view examples) {
  // 0 is no limit, whatever the unit.
  const auto number = parse_with_unit(value, units, highest);
  if (!number || (*number != 0 && *number < lowest))
    throw BadValue(fmt::format("'{}' is none of {}; 0: no limit", value, examples));
  return *number;
}

std::chrono::milliseconds age(std::string_view value) {
  const auto duration = parse_duration(value);
  if (!duration) throw BadValue(fmt::format("'{}' is none of {}; 0: no limit", value, kDurationExamples));
  return *duration;
}

std::uint64_t size(std::string_view value) {
  static constexpr std::array<Unit, 4> kUnits{{{'B', 1}, {'K', 1ULL << 10}, {'M', 1ULL << 20}, {'G', 1ULL << 30}}};
  return with_unit(value, kUnits, kMinHistoryBytes, chat::kMostHistoryBytes, "a number of bytes from 1M on, 500M, 20G");
}

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool yes_or_no(std::string_view value) {
  const std::string word = lower(value);
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
  };
  if (is_one_of({"yes", "true", "on", "1"})) return true;
  if (is_one_of({"no", "false", "off", "0"})) return false;
  throw BadValue(fmt::format("'{}' is neither yes nor no", value));
}

LogLevel log_level(std::string_view value) {
  static constexpr std::array<std::pair<std::string_view, LogLevel>, 9> kNames{{
      {"trace", LogLevel::Trace},
      {"debug", LogLevel::Debug},
      {"info", LogLevel::Info},
      {"warn", LogLevel::Warning},
      {"warning", LogLevel::Warning},
      {"err", LogLevel::Error},
      {"error", LogLevel::Error},
      {"critical", LogLevel::Critical},
      {"off", LogLevel::Off},
  }};
  const std::string word = lower(value);
  const auto* const found = std::ranges::find(kNames, word, [](const auto& entry) { return entry.first; });
  if (found == kNames.end()) {
    throw BadValue(fmt::format("'{}' is none of trace, debug, info, warning, error, critical, off", value));
  }
  return found->second;
}

LogFormat log_format(std::string_view value) {
  const std::string word = lower(value);
  if (word == "text") return LogFormat::Text;
  if (word == "json") return LogFormat::Json;
  throw BadValue(fmt::format("'{}' is neither text nor json", value));
}

Registration registration(std::string_view value) {
  const std::string word = lower(value);
  if (word == "open") return Registration::Open;
  if (word == "closed") return Registration::Closed;
  throw BadValue(fmt::format("'{}' is neither open nor closed", value));
}

Model model(std::string_view value) {
  if (value == "event") return Model::Event;
  if (value == "thread-per-client") return Model::ThreadPerClient;
  throw BadValue(fmt::format("'{}' is no model; there are event and thread-per-client", value));
}

Sandbox sandbox(std::string_view value) {
  if (lower(value) == "required") return Sandbox::Required;
  try {
    return yes_or_no(value) ? Sandbox::On : Sandbox::Off;
  } catch (const BadValue&) {
    throw BadValue(fmt::format("'{}' is none of on, off, required", value));
  }
}

std::string host(std::string_view value) {
  if (value.size() > 2 && value.front() == '[' && value.back() == ']') value = value.substr(1, value.size() - 2);
  if (!could_be_host(value)) {
    throw BadValue(fmt::format("'{}' is neither a host name nor an address", value));
  }
  return std::string{value};
}

std::string metrics(std::string_view value) {
  if (lower(value) == kMetricsOff) return {};
  if (!parse_metrics_address(value))
    throw BadValue(fmt::format("'{}' is neither ADDRESS:PORT nor unix:PATH nor off", value));
  return std::string{value};
}

std::filesystem::path path(std::string_view value) {
  if (value.empty()) throw BadValue("an empty path");
  if (value.find('\0') != std::string_view::npos) throw BadValue("a path with a zero byte in it");
  return value;
}

constexpr std::string_view kListening = "Where clients connect";
constexpr std::string_view kLimits = "What one client may take";
constexpr std::string_view kShape = "How the work is spread";
constexpr std::string_view kOperation = "State and operation";

constexpr std::array kSettings{
    Setting{"host", "HOST", "ADDRESS", kListening, "address or name to listen on; 0.0.0.0 or :: for all networks",
            "127.0.0.1", [](Options& options, std::string_view value) { options.host = host(value); },
            at_restart<&Options::host>()},
    Setting{
        "port", "PORT", "NUMBER", kListening, "TCP port; 0 takes any free one, named in the READY line", "5000",
        [](Options& options, std::string_view value) { options.port = whole_number<std::uint16_t>(value, 0, 65'535); },
        at_restart<&Options::port>()},
    Setting{"backlog", "", "NUMBER", kListening, "connections the kernel keeps until they are accepted", "1024",
            [](Options& options, std::string_view value) { options.backlog = whole_number(value, 1, kMaxBacklog); },
            at_restart<&Options::backlog>()},
    Setting{"max-clients", "", "NUMBER", kListening, "connections at the same time; more are told 'server-full'",
            "10000",
            [](Options& options, std::string_view value) {
              options.max_clients = whole_number<std::uint32_t>(value, 1, kMaxMaxClients);
            },
            at_restart<&Options::max_clients>()},
    Setting{"allow-guests", "", "yes|no", kListening, "may clients that are not logged in join rooms and speak?",
            "yes on a loopback host, else no",
            [](Options& options, std::string_view value) { options.allow_guests = yes_or_no(value); },
            live<&Options::allow_guests>()},
    Setting{"registration", "", "open|closed", kListening,
            "may clients make accounts themselves? 'rookery-ctl user add' always can",
            "open on a loopback host, else closed",
            [](Options& options, std::string_view value) { options.registration = registration(value); },
            live<&Options::registration>()},

    Setting{"max-clients-per-address", "", "NUMBER", kLimits,
            "of one address (IPv6: /64), so that nobody takes all seats; 0: any number; not loopback", "64",
            [](Options& options, std::string_view value) {
              options.max_clients_per_address = whole_number<std::uint32_t>(value, 0, chat::kMostClientsPerAddress);
            },
            live<&Options::max_clients_per_address>()},
    Setting{"max-line-rate", "", "NUMBER", kLimits,
            "lines a second, more than anyone types; 0: any number; for loopback only where given", "100",
            [](Options& options, std::string_view value) {
              options.max_line_rate = whole_number<std::uint32_t>(value, 0, chat::kMostLinesPerSecond);
            },
            live<&Options::max_line_rate>()},
    Setting{"max-rooms-per-address", "", "NUMBER", kLimits,
            "rooms made by one address that still exist, of 16384; 0: any number; not loopback", "256",
            [](Options& options, std::string_view value) {
              options.max_rooms_per_address = whole_number<std::uint32_t>(value, 0, chat::kMostRoomsPerAddress);
            },
            live<&Options::max_rooms_per_address>()},
    Setting{"max-stored-per-address", "", "SIZE", kLimits,
            "messages stored for one address an hour, by each loop; from 1M; 0: no limit; not loopback", "64M",
            [](Options& options, std::string_view value) { options.max_stored_per_address = size(value); },
            live<&Options::max_stored_per_address>()},
    Setting{"limit-loopback", "", "yes|no", kLimits,
            "do the four limits above hold for this machine's own clients too? 'no' spares a proxy", "no",
            [](Options& options, std::string_view value) { options.limit_loopback = yes_or_no(value); },
            live<&Options::limit_loopback>()},
    Setting{"login-grace", "", "SECONDS", kLimits,
            "for a first line, or a login where guests may not speak: takes idle seats back; 0: off", "60",
            [](Options& options, std::string_view value) { options.login_grace = seconds(value, 0, kMaxLimitSeconds); },
            live<&Options::login_grace>()},
    Setting{
        "idle-timeout", "", "SECONDS", kLimits,
        "close who has sent no line for so long; 0: never, since people listen for hours", "0",
        [](Options& options, std::string_view value) { options.idle_timeout = seconds(value, 0, kMaxLimitSeconds); },
        live<&Options::idle_timeout>()},
    Setting{"max-queued", "", "BYTES", kLimits,
            "answers kept for a client that does not read, 131072 to 8388608: bounds memory", "524288",
            [](Options& options, std::string_view value) {
              options.max_queued = whole_number(value, chat::kFewestQueuedBytes, chat::kMostQueuedBytes);
            },
            live<&Options::max_queued>()},
    Setting{"max-rooms", "", "NUMBER", kLimits, "rooms besides the lobby, 1 to 131; the server has 16384 for all",
            "128",
            [](Options& options, std::string_view value) {
              options.max_rooms = whole_number(value, 1U, chat::kMaxRoomsOfSession);
            },
            live<&Options::max_rooms>()},

    Setting{"workers", "", "NUMBER", kShape, "worker processes, 1 to 64", "number of cores",
            [](Options& options, std::string_view value) { options.workers = whole_number(value, 1U, kMaxWorkers); },
            live<&Options::workers>()},
    Setting{
        "max-workers", "", "NUMBER", kShape, "as many as `scale` may ask for while the server runs, 1 to 64",
        "twice --workers, at least 16",
        [](Options& options, std::string_view value) { options.max_workers = whole_number(value, 1U, kMaxWorkers); },
        at_restart<&Options::max_workers>()},
    Setting{"loops", "", "NUMBER", kShape, "event loops (threads) in each worker, 1 to 64; 256 in all workers", "1",
            [](Options& options, std::string_view value) { options.loops = whole_number(value, 1U, kMaxLoops); },
            at_restart<&Options::loops>()},
    Setting{"pool", "", "NUMBER", kShape, "threads of each worker for passwords and text jobs, 1 to 64", "2",
            [](Options& options, std::string_view value) { options.pool = whole_number(value, 1U, kMaxPool); },
            at_upgrade<&Options::pool>()},
    Setting{"model", "", "NAME", kShape,
            "event: a loop serves many clients; thread-per-client: each has a thread that blocks", "event",
            [](Options& options, std::string_view value) { options.model = model(value); },
            at_restart<&Options::model>()},

    Setting{kConfigSetting, "", "FILE", kOperation, "read further options from FILE, a line each: OPTION = VALUE",
            "none", [](Options& options, std::string_view value) { options.config = path(value); }},
    Setting{"data", "", "DIR", kOperation, "directory of the store, its lock and the control socket",
            "$XDG_STATE_HOME/rookery or ~/.local/state/rookery",
            [](Options& options, std::string_view value) { options.data = path(value); }, at_restart<&Options::data>()},
    Setting{"history-age", "", "AGE", kOperation, "remove messages older than that: 12h, 30d; 0: keep them for ever",
            "0", [](Options& options, std::string_view value) { options.history_age = age(value); },
            live<&Options::history_age>()},
    Setting{"history-size", "", "SIZE", kOperation,
            "remove the oldest messages while the store takes more: 500M, 20G; 0: no bound", "0",
            [](Options& options, std::string_view value) { options.history_size = size(value); },
            live<&Options::history_size>()},
    Setting{"log-level", "", "LEVEL", kOperation, "trace, debug, info, warning, error, critical or off", "info",
            [](Options& options, std::string_view value) { options.log_level = log_level(value); },
            live<&Options::log_level>()},
    Setting{"log-format", "", "NAME", kOperation, "text, or json: an object for each line", "text",
            [](Options& options, std::string_view value) { options.log_format = log_format(value); },
            live<&Options::log_format>()},
    Setting{"log-file", "", "FILE", kOperation, "where the log goes; opened anew by SIGUSR1 and `log-reopen`",
            "standard error", [](Options& options, std::string_view value) { options.log_file = path(value); },
            live<&Options::log_file>()},
    Setting{"sandbox", "", "on|off|required", kOperation,
            "keep from each process what it never needs: files, connections, programs", "on",
            [](Options& options, std::string_view value) { options.sandbox = sandbox(value); },
            at_restart<&Options::sandbox>()},
    Setting{"metrics", "", "WHERE", kOperation,
            "Prometheus metrics and /healthz by HTTP, at ADDRESS:PORT (0: any free port) or unix:PATH", "off",
            [](Options& options, std::string_view value) { options.metrics = metrics(value); },
            at_restart<&Options::metrics>()},
    Setting{"shutdown-timeout", "", "SECONDS", kOperation, "how long a shutdown may take before it is forced", "5",
            [](Options& options, std::string_view value) {
              options.shutdown_timeout = seconds(value, kMinShutdownSeconds, kMaxShutdownSeconds);
            },
            live<&Options::shutdown_timeout>()},
};

}  // namespace

std::string Setting::flag() const {
  return fmt::format("--{}", name);
}

std::string Setting::environment_variable() const {
  std::string result = fmt::format("ROOKERY_{}", name);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return result;
}

std::span<const Setting> settings() noexcept {
  return kSettings;
}

}  // namespace rookery::master
