// What a client that only sits there costs: growth of the server processes' proportional set size, and how often the
// processes wake while nobody says anything.
//     idle_bench --connections 20000
// Each client has sent one ping. The kernel's part (sockets, epoll) is in no process's memory and not counted. Each
// round has a server of its own; what the first clients touch once and for all is not counted.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "client/load/compare/process_figures.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr std::size_t kFirstClients = 16;
// For what is open besides: most of it by the master, which says how many it needs when they are too few.
constexpr std::size_t kOtherDescriptors = 256;
constexpr double kBytesEach = 450;
// A second: two of each process, and what lies at the edge of the count.
constexpr double kHeartbeats = 6.5;

double pss_of(const ServerUnderTest& server) {
  return static_cast<double>(load::pss_bytes(server.processes()));
}

// Voluntary context switches a second of each process: it had waited for something.
std::vector<double> wakes_of(const ServerUnderTest& server, double seconds) {
  std::vector<load::CostMeter> meters;
  for (const pid_t process : server.processes()) meters.emplace_back(std::vector<pid_t>{process});
  for (load::CostMeter& meter : meters) meter.begin();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  std::vector<double> wakes;
  for (load::CostMeter& meter : meters) {
    const load::Costs costs = meter.end();
    wakes.push_back(static_cast<double>(costs.voluntary) / costs.switch_seconds);
  }
  return wakes;
}

void measure(const CommonOptions& options, std::size_t connections, double wake_seconds) {
  const std::uint64_t limit = load::raise_descriptor_limit();
  const std::size_t asked = connections;
  connections = std::min<std::size_t>(connections, limit - kFirstClients - kOtherDescriptors);
  if (connections < asked)
    fmt::print("{} connections are as many as the limit of {} open files allows\n", connections, limit);
  const std::string ping = ping_line(options.dialect);
  std::vector<double> bytes_each;
  std::vector<double> empty_mib;
  std::vector<std::vector<double>> wakes(3);  // of master, ledger, worker
  for (std::size_t round = 0; round < options.rounds; ++round) {
    const ServerUnderTest server(options.server,
                                 options.server_arguments({"--workers", "1", "--max-workers", "1", "--max-clients",
                                                           std::to_string(connections + kFirstClients)}));
    const Crowd first(server.port(), kFirstClients, ping);
    const double before = pss_of(server);
    const Crowd crowd(server.port(), connections, ping);
    bytes_each.push_back((pss_of(server) - before) / static_cast<double>(connections));
    empty_mib.push_back(before / 1024 / 1024);
    const std::vector<double> woken = wakes_of(server, wake_seconds);
    for (std::size_t i = 0; i < wakes.size(); ++i) wakes[i].push_back(woken.at(i));
  }
  const auto [least, most] = std::minmax_element(bytes_each.begin(), bytes_each.end());
  fmt::print("{} connections, {} rounds\n\n", connections, options.rounds);
  fmt::print("PSS per idle connection: {:.0f} bytes (median; {:.0f} to {:.0f}), {:.1f} MiB without clients\n",
             median(bytes_each), *least, *most, median(empty_mib));
  const std::string each =
      fmt::format("master {:.1f}, ledger {:.1f}, worker {:.1f}", median(wakes[0]), median(wakes[1]), median(wakes[2]));
  fmt::print("Wake-ups a second with all of them there: {}\n", each);
  Promises promises;
  promises.at_most(fmt::format("{} idle connections: bytes of memory each (PSS of all processes)", connections),
                   fmt::format("{:.0f} to {:.0f}", *least, *most), median(bytes_each), kBytesEach);
  promises.at_most(fmt::format("{} idle connections: wake-ups a second of all processes", connections), each,
                   median(wakes[0]) + median(wakes[1]) + median(wakes[2]), kHeartbeats, "6 are the heartbeats");
  promises.print();
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::size_t connections = 20'000;
  std::size_t wake_seconds = 5;
  const CommonOptions options =
      read_options(argc, argv, "What an idle client costs in memory and wake-ups.",
                   {{"--connections", &connections, "idle clients; fewer where the limit of open files says so"},
                    {"--wake-seconds", &wake_seconds, "over which wake-ups are counted"}});
  return run_bench([&] { measure(options, connections, static_cast<double>(wake_seconds)); });
}
