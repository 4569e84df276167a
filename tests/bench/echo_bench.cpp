// What answering one client costs: text echo, each client with one request under way, against a bare echo server of the
// same model in the same run: an epoll loop, or a thread for each client.
//     echo_bench --text-bytes 100
//     echo_bench --model thread-per-client
// Rounds of both servers and of few and many clients take turns; ratios are medians of the rounds' ratios.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "tests/bench/support/bare_server.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/echo_round.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr double kOfBare = 0.95;

void measure(const CommonOptions& options, const std::array<std::size_t, 2>& crowds, std::size_t text_bytes) {
  const bool threads = options.model == kThreadPerClient;
  load::raise_descriptor_limit();
  if (options.dialect != DialectChoice::Text) throw std::runtime_error("the bare server echoes text only");
  const std::string request = std::string(text_bytes, 'x') + "\n";
  const std::string ping = ping_line(options.dialect);
  const std::size_t most = crowds[0] + crowds[1] + 8;
  const ServerUnderTest server(options.server,
                               options.server_arguments({"--workers", "1", "--max-clients", std::to_string(most)}));
  const BareServer bare(threads ? BareKind::EchoThreads : BareKind::Echo, {}, {});
  const std::array<std::vector<pid_t>, 2> processes{server.processes(), {bare.pid()}};
  const std::array<std::uint16_t, 2> ports{server.port(), bare.port()};

  fmt::print("{} bytes a request, {} rounds of {} s each, medians\n\n", request.size(), options.rounds,
             options.seconds);
  Promises promises;  // there is none of the other model
  fmt::print("{:>8}  {:<16}{:>14}{:>28}\n", "clients", "server", "requests/s", "requests per CPU second");
  for (const std::size_t clients : crowds) {
    std::array<std::vector<double>, 2> per_cpu_second;
    std::array<std::vector<double>, 2> per_second;
    std::vector<double> ratio;
    std::array<std::unique_ptr<Crowd>, 2> crowd;
    for (std::size_t i = 0; i < 2; ++i) crowd[i] = std::make_unique<Crowd>(ports[i], clients, ping);
    for (std::size_t round = 0; round < options.rounds; ++round) {
      for (std::size_t i = 0; i < 2; ++i) {
        const EchoRound result = run_echo_round(*crowd[i], processes[i], request, options.seconds);
        per_cpu_second[i].push_back(result.per_cpu_second);
        per_second[i].push_back(result.per_second);
      }
      ratio.push_back(per_cpu_second[0].back() / per_cpu_second[1].back());
    }
    for (std::size_t i = 0; i < 2; ++i)
      fmt::print("{:>8}  {:<16}{:>14.0f}{:>28.0f}\n", clients,
                 i == 0    ? "Rookery"
                 : threads ? "bare threads"
                           : "bare epoll",
                 median(per_second[i]), median(per_cpu_second[i]));
    fmt::print("{:>8}  {:<16}{:>42.2f}\n", clients, "Rookery / bare", median(ratio));
    if (!threads)
      promises.at_least(fmt::format("echo, {} clients: requests per CPU second, of a bare epoll server", clients),
                        fmt::format("{:.0f}", median(per_cpu_second[0])), median(ratio), kOfBare);
  }
  if (!threads) promises.print();
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::array<std::size_t, 2> crowds{50, 1000};
  std::size_t text_bytes = 100;
  const CommonOptions options = read_options(argc, argv, "What answering one client costs.",
                                             {{"--few", &crowds[0], "clients of the first measurement"},
                                              {"--many", &crowds[1], "clients of the second"},
                                              {"--text-bytes", &text_bytes, "of a request"}});
  return run_bench([&] { measure(options, crowds, text_bytes); });
}
