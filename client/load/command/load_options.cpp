#include "client/load/command/load_options.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "client/load/command/progress.h"
#include "client/load/command/result_table.h"
#include "client/load/command/server_figures.h"
#include "client/load/run.h"
#include "client/load/speech.h"
#include "client/load/text.h"
#include "client/terminal/exit_code.h"
#include "ipc/wire/limits.h"

namespace rookery::load {
namespace {

constexpr std::size_t kMostMessageBytes = wire::kMaxLineBytes - Speech::kMostAround;
constexpr std::uint32_t kMostWindow = 10000;
constexpr std::uint32_t kMostThreads = 64;
// Of a reader and a sender: each costs some bytes.
constexpr std::uint64_t kMostPairs = 20'000'000;

// ROOKERY_HOST and ROOKERY_PORT, as rookery-client takes them.
client::Endpoint endpoint_of(const std::string& written) {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  client::Endpoint defaults;
  if (const std::string port = environment("ROOKERY_PORT"); !port.empty()) defaults.port = port;
  const auto from_environment = client::parse_endpoint(environment("ROOKERY_HOST"), defaults);
  if (!from_environment) throw CLI::ValidationError("ROOKERY_HOST or ROOKERY_PORT does not name a server");
  const auto endpoint = client::parse_endpoint(written, *from_environment);
  if (!endpoint) throw CLI::ValidationError("'" + written + "' is not HOST[:PORT] with a port from 1 to 65535");
  return *endpoint;
}

LoadPlan plan_of(const LoadOptions& options) {
  LoadPlan plan = options.plan;
  plan.server = endpoint_of(options.server);
  plan.dialect = options.dialect == "json" ? wire::DialectId::JsonLines : wire::DialectId::Text;
  const auto milliseconds = [](double seconds) {
    return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
  };
  plan.duration = milliseconds(options.seconds);
  plan.warm_up = milliseconds(options.warm_up);
  plan.patience += options.patience_per_client * plan.clients;
  const std::uint64_t connections = plan.clients + (plan.mode == Mode::Fanout ? plan.senders : 0);
  if (plan.threads > connections)
    throw CLI::ValidationError(fmt::format("{} threads are more than there are connections", plan.threads));
  if (plan.mode == Mode::Fanout && std::uint64_t{plan.clients} * plan.senders > kMostPairs)
    throw CLI::ValidationError(
        fmt::format("{} readers of {} senders are more than can be checked: the product may be "
                    "{} at most",
                    plan.clients, plan.senders, kMostPairs));
  return plan;
}

}  // namespace

void add_load_options(CLI::App& command, LoadOptions& options, const LoadOptionsWanted& wanted) {
  LoadPlan& plan = options.plan;
  command
      .add_option("server", options.server,
                  "where the server is, an IPv6 address as [::1]:5000; default ROOKERY_HOST and ROOKERY_PORT, else "
                  "127.0.0.1:5000")
      ->option_text("HOST[:PORT]");
  const bool readers = plan.mode == Mode::Fanout;
  command
      .add_option(readers ? "--readers,--clients" : "--clients", plan.clients,
                  readers ? "connections that listen" : "connections at a time")
      ->check(CLI::Range(1U, wanted.most_clients))
      ->option_text(fmt::format("N [{}]", plan.clients));
  if (wanted.message_bytes)
    command
        .add_option("--size", plan.message_bytes,
                    fmt::format("bytes of text in each message, {} to {}", Texts::kLeastBytes, kMostMessageBytes))
        ->check(CLI::Range(Texts::kLeastBytes, kMostMessageBytes))
        ->option_text(fmt::format("BYTES [{}]", plan.message_bytes));
  CLI::Option* window = nullptr;
  if (wanted.window)
    window = command.add_option("--window", plan.window, "closed loop: requests that each client keeps under way")
                 ->check(CLI::Range(1U, kMostWindow))
                 ->option_text(fmt::format("W [{}]", plan.window));
  if (wanted.rate) {
    CLI::Option* rate = command.add_option("--rate", plan.rate_per_s, wanted.rate_text);
    rate->check(CLI::Range(0.001, 1e8))->option_text("R");
    if (window != nullptr) rate->excludes(window);
  }
  command.add_option("--seconds", options.seconds, "how long is counted")
      ->check(CLI::Range(0.01, 86400.0))
      ->option_text(fmt::format("S [{}]", options.seconds));
  command.add_option("--warm-up", options.warm_up, "seconds before that, not counted")
      ->check(CLI::Range(0.0, 3600.0))
      ->option_text(fmt::format("S [{}]", options.warm_up));
  command.add_option("--dialect", options.dialect, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("D [text]");
  command.add_option("--threads", plan.threads, "threads of the load tool")
      ->check(CLI::Range(1U, kMostThreads))
      ->option_text(fmt::format("T [{}]", plan.threads));
  command.add_option("--seed", plan.seed, "of names and texts")->option_text(fmt::format("N [{}]", plan.seed));
  if (wanted.server_pid)
    command
        .add_option(
            "--server-pid", options.server_pid,
            "rookery-master's process id, where it runs on this machine: measures its memory (PSS, its children "
            "included, the kernel's buffers not), context switches and processor time")
        ->check(CLI::Range(1, std::numeric_limits<std::int32_t>::max()))
        ->option_text("PID");
  command.add_flag("--json", options.json, "the result as one JSON object, times in microseconds");
  command.add_flag("--quiet", options.quiet, "no progress on standard error");
}

int run_and_show(const LoadOptions& options) {
  const LoadPlan plan = plan_of(options);
  Observer silent;
  Progress progress;
  Observer& observer = options.quiet ? silent : progress;
  try {
    std::optional<ServerFigures> server;
    if (options.server_pid != 0) server.emplace(options.server_pid, observer);
    LoadOutcome outcome = run_load(plan, server ? *server : observer);
    if (server) server->add_to(outcome);
    const std::string text = options.json ? json_text(outcome) : result_table(outcome);
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
      std::fputs("rookery-load: standard output could not be written\n", stderr);
      return client::kExitInternal;
    }
    return outcome.ok() ? client::kExitOk : client::kExitRefused;
  } catch (const CannotRun& error) {
    std::fprintf(stderr, "rookery-load: %s\n", error.what());
    return client::kExitUnavailable;
  }
}

}  // namespace rookery::load
