// What two builds of the server cost, in processor time of all their processes: for a connection that is accepted, asks
// one thing and goes; for an echo; for a message delivered to one of a room.
//     cost_bench --against /elsewhere/build/release/bin/rookery-master --rounds 15
// Rounds of both take turns on the same machine; differences are medians of the rounds' differences.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/lines.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr std::chrono::seconds kAnswerWithin{20};
constexpr std::size_t kUnderWay = 8;  // messages of the one who speaks

std::uint64_t cpu_of(const ServerUnderTest& server) {
  std::uint64_t sum = 0;
  for (const pid_t process : server.processes()) sum += load::cpu_ns(process);
  return sum;
}

// `step` does some of it and says how much; microseconds for each.
template <class Step>
double microseconds_each(const ServerUnderTest& server, double seconds, Step step) {
  const std::uint64_t before = cpu_of(server);
  const auto end = os::Monotonic::now() +
                   std::chrono::duration_cast<os::Monotonic::duration>(std::chrono::duration<double>(seconds));
  std::uint64_t done = 0;
  while (os::Monotonic::now() < end) done += step();
  return static_cast<double>(cpu_of(server) - before) / 1e3 / static_cast<double>(std::max<std::uint64_t>(done, 1));
}

// Comes, asks, gets its answer, and goes with a reset, so that no port is kept from the next one.
std::uint64_t visit(std::uint16_t port, const std::string& ping) {
  const os::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const linger at_once{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    os::throw_errno("cannot connect");
  std::array<char, 256> answer;
  if (::send(socket.get(), ping.data(), ping.size(), MSG_NOSIGNAL) < 0 ||
      ::recv(socket.get(), answer.data(), answer.size(), 0) <= 0)
    throw std::runtime_error("a visitor got no answer");
  return 1;
}

// One request of each under way.
class Echoes {
 public:
  explicit Echoes(Crowd& crowd) : crowd_(crowd) {
    for (std::size_t client = 0; client < crowd_.size(); ++client) crowd_.send(client, request_);
  }
  std::uint64_t step() {
    std::uint64_t answered = 0;
    const bool came = crowd_.turn(kAnswerWithin, [&](std::size_t client, std::string_view bytes) {
      if (!bytes.ends_with('\n')) return;
      ++answered;
      crowd_.send(client, request_);
    });
    if (!came) throw std::runtime_error("an echo did not come");
    return answered;
  }

 private:
  Crowd& crowd_;
  std::string request_ = std::string(100, 'x') + "\n";
};

// One speaks, all hear it.
class Speech {
 public:
  explicit Speech(Crowd& crowd) : crowd_(crowd), cutters_(crowd.size()) {
    for (std::size_t i = 0; i < kUnderWay; ++i) crowd_.send(0, line_);
  }
  std::uint64_t step() {
    std::uint64_t delivered = 0;
    const bool came = crowd_.turn(kAnswerWithin, [&](std::size_t client, std::string_view bytes) {
      cutters_[client].feed(bytes, [&](std::string_view line) {
        if (!is_answer(line))
          ++delivered;
        else if (client == 0)
          crowd_.send(0, line_);
      });
    });
    if (!came) throw std::runtime_error("a message did not come");
    return delivered;
  }

 private:
  Crowd& crowd_;
  std::vector<LineCutter> cutters_;
  std::string line_ = say_line(DialectChoice::Text, 100);
};

constexpr std::array kWhat{"a connection", "an echo", "a delivery"};
using Figures = std::array<std::vector<double>, kWhat.size()>;

void measure(const CommonOptions& options, std::size_t clients) {
  if (options.against.empty()) throw std::runtime_error("--against names the other server");
  load::raise_descriptor_limit();
  const std::array<std::string, 2> programs{options.server, options.against};
  const std::string ping = ping_line(DialectChoice::Text);
  std::array<Figures, 2> figures;
  Figures differences;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (std::size_t turn = 0; turn < 2; ++turn) {
      const std::size_t which = (turn + round) % 2;  // neither is always the first
      const auto start = [&] { return ServerUnderTest(programs[which], options.server_arguments({"--workers", "2"})); };
      {
        const ServerUnderTest server = start();
        figures[which][0].push_back(
            microseconds_each(server, options.seconds, [&] { return visit(server.port(), ping); }));
      }
      {
        const ServerUnderTest server = start();
        Crowd crowd(server.port(), clients, ping);
        Echoes echoes(crowd);
        figures[which][1].push_back(microseconds_each(server, options.seconds, [&] { return echoes.step(); }));
      }
      const ServerUnderTest server = start();
      Crowd crowd(server.port(), clients, ping);
      Speech speech(crowd);
      figures[which][2].push_back(microseconds_each(server, options.seconds, [&] { return speech.step(); }));
    }
    for (std::size_t i = 0; i < kWhat.size(); ++i)
      differences[i].push_back(figures[0][i].back() - figures[1][i].back());
  }
  fmt::print("{} clients, {} rounds of {} s each; processor time of all processes, medians in µs\n\n", clients,
             options.rounds, options.seconds);
  fmt::print("{:<14}{:>12}{:>12}{:>14}{:>22}\n", "for", "this", "the other", "difference", "least .. most");
  for (std::size_t i = 0; i < kWhat.size(); ++i) {
    const auto [least, most] = std::ranges::minmax(differences[i]);
    fmt::print("{:<14}{:>12.2f}{:>12.2f}{:>14.2f}{:>12.2f} .. {:.2f}\n", kWhat[i], median(figures[0][i]),
               median(figures[1][i]), median(differences[i]), least, most);
  }
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::size_t clients = 50;
  const CommonOptions options =
      read_options(argc, argv, "What two builds of the server cost.", {{"--clients", &clients, "that echo, or hear"}});
  return run_bench([&] { measure(options, clients); });
}
