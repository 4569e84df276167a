// What the sandbox costs: the same server with --sandbox on and off, in the same run. A filter runs at each system call
// that it looks into; of all others the kernel remembers that they are allowed.
//     sandbox_bench                      echo with 50 clients, and a room of 100 with one sender: a minute
//     sandbox_bench --rounds 15 --seconds 2
// Echo is the dearest for it: a system call or two for a line, and nothing else to do. Rounds of both servers take
// turns, ratios are medians of the rounds' ratios.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <vector>

#include "client/load/compare/process_figures.h"
#include "tests/bench/support/contest.h"
#include "tests/bench/support/echo_round.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"

namespace rookery::bench {

namespace {

constexpr double kNothingMeasurable = 1.03;
constexpr std::size_t kEchoClients = 50;
constexpr std::size_t kReaders = 100;
constexpr std::array kSandbox{"on", "off"};
enum Side : std::size_t { kOn, kOff };

using Servers = std::array<std::unique_ptr<ServerUnderTest>, kSandbox.size()>;

Servers start(const CommonOptions& options) {
  Servers servers;
  for (std::size_t i = 0; i < kSandbox.size(); ++i)
    servers[i] = std::make_unique<ServerUnderTest>(
        options.server, options.server_arguments({"--workers", "1", "--sandbox", kSandbox[i]}));
  return servers;
}

// Medians by side, and of the rounds' ratios.
struct Figures {
  std::array<std::vector<double>, kSandbox.size()> cpu_us;
  std::vector<double> ratio;

  void end_round() { ratio.push_back(cpu_us[kOn].back() / cpu_us[kOff].back()); }
  void print(const char* what) {
    fmt::print("{:<44}{:>10.3f}{:>10.3f}{:>10.3f}\n", what, median(cpu_us[kOn]), median(cpu_us[kOff]), median(ratio));
  }
};

void echo(const CommonOptions& options, Promises& promises) {
  const Servers servers = start(options);
  std::array<std::unique_ptr<Crowd>, kSandbox.size()> crowds;
  for (std::size_t i = 0; i < crowds.size(); ++i)
    crowds[i] = std::make_unique<Crowd>(servers[i]->port(), kEchoClients, ping_line(options.dialect));
  Figures figures;
  const std::string request = std::string(100, 'x') + "\n";
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < crowds.size(); ++i)
      figures.cpu_us[i].push_back(
          1e6 / run_echo_round(*crowds[i], servers[i]->processes(), request, options.seconds).per_cpu_second);
    figures.end_round();
  }
  figures.print("echo, CPU us a request");
  promises.at_most("sandbox: echo, CPU a request, of the same without",
                   fmt::format("{:.2f} µs", median(figures.cpu_us[kOn])), median(figures.ratio), kNothingMeasurable);
}

void fanout(const CommonOptions& options, Promises& promises) {
  const Servers servers = start(options);
  const Load load{.readers = kReaders, .senders = 1};
  std::vector<Contestant> contestants;
  for (std::size_t i = 0; i < servers.size(); ++i)
    contestants.push_back(Contestant::of_server(kSandbox[i], *servers[i], options.dialect, load));
  Figures figures;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < servers.size(); ++i)
      figures.cpu_us[i].push_back(run_round(contestants[i], 1, options.seconds).cpu_us);
    figures.end_round();
  }
  figures.print("100 readers, one message at a time, CPU us each");
  promises.at_most("sandbox: a delivery, CPU, of the same without",
                   fmt::format("{:.2f} µs", median(figures.cpu_us[kOn])), median(figures.ratio), kNothingMeasurable);
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  const CommonOptions options = read_options(argc, argv, "What the sandbox costs.", {});
  return run_bench([&] {
    rookery::load::raise_descriptor_limit();
    Promises promises;
    fmt::print("{} rounds of {} s each, medians\n\n{:<44}{:>10}{:>10}{:>10}\n", options.rounds, options.seconds, "",
               "on", "off", "ratio");
    echo(options, promises);
    fanout(options, promises);
    promises.print();
  });
}
