// How long clients wait when their worker is killed: from kill -9 to the first byte that each of them is served again.
//     takeover_bench --kills 20 --most 10000
//     takeover_bench --workers 2        the second death of a place is answered by handing its clients to the other
// All clients of the worker, or some, have asked something when it dies: it was stopped before, so that nobody's answer
// is on its way. The same without a kill (stopped, asked, continued) stands beside it: what such a burst costs anyway.
// A new server for each kill: a place that dies often is left alone for a while, and that is not what is measured.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/lines.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr std::chrono::seconds kAnswerWithin{30};
constexpr std::chrono::milliseconds kQuiet{20};  // the other workers have answered
constexpr std::size_t kActive = 50;
constexpr int kVictim = 0;

struct Pauses {
  std::vector<double> ms;  // of each client

  void add(const Pauses& more) { ms.insert(ms.end(), more.ms.begin(), more.ms.end()); }
  void print(std::size_t clients, const char* asking, const char* what) const {
    if (ms.empty()) return;
    fmt::print("{:>8}  {:<6}  {:<26}{:>8}{:>12.2f}{:>12.2f}\n", clients, asking, what, ms.size(), median(ms),
               *std::ranges::max_element(ms));
  }
};

void stop(pid_t pid) {
  ::kill(pid, SIGSTOP);
  for (std::string state; state != "T"; std::this_thread::yield()) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name;
    if (!(stat >> number >> name >> state)) throw std::runtime_error("the worker is not there");
  }
}

// Every client, or the first so many, asks while the worker stands still; `then` is what happens to it.
Pauses ask_while_stopped(Crowd& crowd, std::size_t asking, pid_t worker, int then) {
  const std::string ping = ping_line(DialectChoice::Text);
  stop(worker);
  std::vector<bool> waits(crowd.size(), false);
  std::size_t waiting = asking;
  for (std::size_t client = 0; client < asking; ++client) {
    waits[client] = true;
    crowd.send(client, ping);
  }
  const auto answered = [&](std::size_t client, std::string_view) {
    if (waits[client]) --waiting;
    waits[client] = false;
  };
  while (crowd.turn(kQuiet, answered)) {
  }
  Pauses pauses;
  pauses.ms.reserve(waiting);
  const auto begin = os::Monotonic::now();
  if (::kill(worker, then) != 0) throw std::runtime_error("the worker is not there");
  while (waiting > 0) {
    const bool came = crowd.turn(kAnswerWithin, [&](std::size_t client, std::string_view bytes) {
      if (waits[client])
        pauses.ms.push_back(std::chrono::duration<double, std::milli>(os::Monotonic::now() - begin).count());
      answered(client, bytes);
    });
    if (!came) throw std::runtime_error(fmt::format("{} clients are not served again", waiting));
  }
  return pauses;
}

// Once the place is served anew, or somebody else has its clients.
void settle(Crowd& crowd) {
  const std::string ping = ping_line(DialectChoice::Text);
  std::size_t answered = 0;
  for (std::size_t client = 0; client < crowd.size(); ++client) crowd.send(client, ping);
  while (answered < crowd.size())
    if (!crowd.turn(kAnswerWithin, [&](std::size_t, std::string_view) { ++answered; }))
      throw std::runtime_error("a client is not served");
}

pid_t successor(const ServerUnderTest& server, pid_t of) {
  const auto deadline = os::Monotonic::now() + kAnswerWithin;
  for (pid_t pid; os::Monotonic::now() < deadline; std::this_thread::sleep_for(std::chrono::milliseconds{2}))
    if (pid = server.worker(kVictim); pid != of && pid != 0) return pid;
  throw std::runtime_error("the worker is not started again");
}

void measure(const CommonOptions& options, std::size_t kills, std::size_t workers,
             const std::array<std::size_t, 3>& crowds) {
  load::raise_descriptor_limit();
  fmt::print("{} workers, {} kills of each kind, times in ms\n\n", workers, kills);
  fmt::print("{:>8}  {:<6}  {:<26}{:>8}{:>12}{:>12}\n", "clients", "ask", "what", "waits", "median", "worst");
  for (const std::size_t clients : crowds) {
    for (const bool all : {true, false}) {
      Pauses continued, killed, killed_again;
      for (std::size_t i = 0; i < kills; ++i) {
        const std::size_t in_all = clients * workers;
        const ServerUnderTest server(options.server,
                                     options.server_arguments({"--workers", std::to_string(workers), "--max-clients",
                                                               std::to_string(std::max<std::size_t>(in_all + 8, 64))}));
        Crowd crowd(server.port(), in_all, ping_line(DialectChoice::Text));
        const std::size_t asking = all ? in_all : std::min(kActive * workers, in_all);
        const pid_t first = server.worker(kVictim);
        continued.add(ask_while_stopped(crowd, asking, first, SIGCONT));
        killed.add(ask_while_stopped(crowd, asking, first, SIGKILL));
        if (workers == 1) continue;
        settle(crowd);
        killed_again.add(ask_while_stopped(crowd, asking, successor(server, first), SIGKILL));
      }
      const char* const asking = all ? "all" : "some";
      continued.print(clients, asking, "stopped and continued");
      killed.print(clients, asking, "killed, carried on in place");
      killed_again.print(clients, asking, "killed, handed to others");
    }
  }
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::size_t kills = 10, workers = 1;
  std::array<std::size_t, 3> crowds{100, 1000, 10'000};
  const CommonOptions options = read_options(argc, argv, "How long clients wait when their worker is killed.",
                                             {{"--kills", &kills, "of a worker, each of a fresh server"},
                                              {"--workers", &workers, "of the server; one is killed"},
                                              {"--few", &crowds[0], "clients on the worker, first measurement"},
                                              {"--many", &crowds[1], "of the second"},
                                              {"--most", &crowds[2], "of the third"}});
  return run_bench([&] { measure(options, kills, workers, crowds); });
}
