// master/options/options.h
//
// What the operator asked of rookery-master, checked and complete. Each option may stand in five places; the first that
// has it decides:
//
//     command line  >  environment  >  .env in the working directory  >  --config FILE  >  default
//
// To add an option: give Options a member and settings.cpp a row. Flag, environment variable, configuration key and
// help all come from that row.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::master {

enum class Model : std::uint8_t { Event, ThreadPerClient };

// On: as far as the kernel can; the log says what is missing. Required: no start where anything is.
enum class Sandbox : std::uint8_t { Off, On, Required };

// In the order of log::Level's and log::Format's, so that a number means the same in both.
enum class LogLevel : std::uint8_t { Trace, Debug, Info, Warning, Error, Critical, Off };
enum class LogFormat : std::uint8_t { Text, Json };
enum class Registration : std::uint8_t { Open, Closed };

inline constexpr std::uint32_t kDefaultMaxClients = 10'000;
inline constexpr std::uint32_t kDefaultMaxLineRate = 100;  // lines a second

struct Options {
  std::string host = "127.0.0.1";  // a name or an address, without the brackets of [::1]
  std::uint16_t port = 5000;       // 0: any free one
  int backlog = 1024;
  unsigned workers = 1;       // parse_options() makes the default the number of cores
  unsigned max_workers = 16;  // as many places there are; `workers` of them are filled at the start
  unsigned loops = 1;         // of each worker; max_workers * loops <= kMaxLoopsInAll
  unsigned pool = 2;          // threads of each worker
  Model model = Model::Event;
  std::filesystem::path data;
  bool activated = false;                    // host and port are of a socket that was passed, not asked for
  std::string metrics;                       // as parse_metrics_address() reads it; empty: off
  std::optional<bool> allow_guests;          // as it was asked for; what holds is guests_allowed()
  std::optional<Registration> registration;  // likewise; see registration_open()
  LogLevel log_level = LogLevel::Info;
  LogFormat log_format = LogFormat::Text;
  std::optional<std::filesystem::path> log_file;  // unset: standard error
  std::optional<std::uint32_t> max_clients;  // unset: nobody asked, so kDefaultMaxClients or what the machine can hold
  std::uint32_t max_clients_per_address = 64;  // 0: no such limit
  std::optional<std::uint32_t> max_line_rate;  // unset: kDefaultMaxLineRate, not for loopback; 0: no such limit
  bool limit_loopback = false;
  std::chrono::milliseconds login_grace{60'000};  // 0: none
  std::chrono::milliseconds idle_timeout{0};      // 0: none
  std::uint32_t max_queued = 512 * 1024;          // bytes
  std::uint32_t max_rooms = 128;
  std::uint32_t max_rooms_per_address = 256;                       // 0: no such limit
  std::uint64_t max_stored_per_address = std::uint64_t{64} << 20;  // bytes an hour; 0: no such limit
  Sandbox sandbox = Sandbox::On;
  std::chrono::milliseconds history_age{0};  // 0: for ever
  std::uint64_t history_size = 0;            // bytes; 0: any
  std::chrono::milliseconds shutdown_timeout{5000};
  std::optional<std::filesystem::path> config;  // the file that was read
  std::vector<std::string> doubts;              // for the log: what was given and means nothing here

  // May a client that is not logged in join rooms and speak? Unless told, only where no other machine can connect.
  [[nodiscard]] bool guests_allowed() const;
  // May a client make itself an account? Likewise.
  [[nodiscard]] bool registration_open() const;
};

inline constexpr unsigned kMaxLoopsInAll = 256;

// "localhost", 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104. No name is looked up.
[[nodiscard]] bool is_loopback_host(std::string_view host) noexcept;

// Print `out` and `err`, then leave with `code`. Both end in a newline or are empty.
struct Exit {
  int code = 0;
  std::string out;
  std::string err;
};

// The first line that this end would print as an error, without the program's name; empty where there is none.
[[nodiscard]] std::string complaint_of(const Exit& exit);

using ParseResult = std::variant<Options, Exit>;

// Everything outside of the command line that decides about options.
struct Surroundings {
  std::map<std::string, std::string, std::less<>> environment;
  std::filesystem::path directory;  // where .env is looked for
  bool must_not_wait = false;       // files that are no plain ones are refused: reading a pipe may take for ever
};

// Exit codes: 0 after --help and --version, 64 for a bad command line, 78 for a bad environment, .env or --config FILE.
// The command line is judged first and alone, so --help works whatever the rest looks like.
[[nodiscard]] ParseResult parse_options(std::span<const std::string> arguments, const Surroundings& surroundings);

// The same with this process's environment and working directory.
[[nodiscard]] ParseResult parse_options(std::span<const std::string> arguments);

// Once more while the server runs.
[[nodiscard]] ParseResult parse_options_again(std::span<const std::string> arguments);

}  // namespace rookery::master
