// What a client that only sits there costs in memory: growth of the server processes' proportional set size.
//     idle_bench --connections 5000
// Each client has sent one ping. The kernel's part (sockets, epoll) is in no process's memory and not counted. Each
// round has a server of its own; what the first clients touch once and for all is not counted.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr std::size_t kFirstClients = 16;
constexpr std::size_t kOtherDescriptors = 64;

double pss_of(const ServerUnderTest& server) {
  std::uint64_t sum = 0;
  for (const pid_t process : server.processes()) sum += load::pss_bytes(process);
  return static_cast<double>(sum);
}

void measure(const CommonOptions& options, std::size_t connections) {
  const std::uint64_t limit = load::raise_descriptor_limit();
  if (connections + kOtherDescriptors > limit)
    throw std::runtime_error(
        fmt::format("{} connections need more open files than the {} allowed", connections, limit));
  const std::string ping = ping_line(options.dialect);
  std::vector<double> bytes_each;
  std::vector<double> empty_mib;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    const ServerUnderTest server(
        options.server,
        options.server_arguments({"--workers", "1", "--max-clients", std::to_string(connections + kFirstClients)}));
    const Crowd first(server.port(), kFirstClients, ping);
    const double before = pss_of(server);
    const Crowd crowd(server.port(), connections, ping);
    bytes_each.push_back((pss_of(server) - before) / static_cast<double>(connections));
    empty_mib.push_back(before / 1024 / 1024);
  }
  const auto [least, most] = std::minmax_element(bytes_each.begin(), bytes_each.end());
  fmt::print("{} connections, {} rounds\n\n", connections, options.rounds);
  fmt::print("PSS per idle connection: {:.0f} bytes (median; {:.0f} to {:.0f}), {:.1f} MiB without clients\n",
             median(bytes_each), *least, *most, median(empty_mib));
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::size_t connections = 5000;
  const CommonOptions options = read_options(argc, argv, "What an idle client costs in memory.",
                                             {{"--connections", &connections, "idle clients"}});
  return run_bench([&] { measure(options, connections); });
}
