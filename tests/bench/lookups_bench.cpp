// What a line costs that is refused after a look across the server, beside an echo in the same run: a message to a
// guest who is not there, and speaking in a room or leaving one that does not exist, among many guests and rooms.
//     lookups_bench --clients 6000 --rooms 16383
// One client sends a batch of such lines in one write and waits for the answers; kinds take turns. Processor time of
// the worker for each line, all that reading and answering it takes included.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/lines.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr std::chrono::seconds kAnswerWithin{60};
constexpr std::size_t kBatch = 64;        // lines; their answers fit into what a session may have waiting
constexpr std::size_t kRoomsOfOne = 128;  // --max-rooms
constexpr double kOfAnEcho = 5;           // a look-up and a refusal
constexpr double kMostMicroseconds = 20;  // beyond an echo

struct Kind {
  const char* what;
  const char* line;
};
constexpr std::array kKinds{Kind{"an echo", "an echo of some words"},
                            Kind{"/msg to an absent guest", "/msg guest9999999 hi"},
                            Kind{"/say in an unknown room", "/say #nobody-was-ever-here hi"},
                            Kind{"/leave of an unknown room", "/leave #nobody-was-ever-here"}};

// Sends them all and waits for as many answers.
void ask(Crowd& crowd, std::size_t client, const std::string& lines, std::size_t answers) {
  LineCutter cutter;
  std::size_t got = 0;
  crowd.send(client, lines);
  while (got < answers) {
    const bool came = crowd.turn(kAnswerWithin, [&](std::size_t who, std::string_view bytes) {
      if (who == client) cutter.feed(bytes, [&](std::string_view) { ++got; });
    });
    if (!came) throw std::runtime_error("an answer did not come");
  }
}

void measure(const CommonOptions& options, std::size_t clients, std::size_t rooms) {
  load::raise_descriptor_limit();
  clients = std::max(clients, rooms / kRoomsOfOne + 2);
  const ServerUnderTest server(
      options.server, options.server_arguments(
                          {"--workers", "1", "--max-clients", std::to_string(clients + 8), "--max-line-rate", "0"}));
  Crowd crowd(server.port(), clients, ping_line(DialectChoice::Text));
  for (std::size_t room = 0; room < rooms;) {
    const std::size_t client = 1 + room / kRoomsOfOne;
    for (std::size_t end = std::min(rooms, (room / kRoomsOfOne + 1) * kRoomsOfOne); room < end; ++room)
      ask(crowd, client, fmt::format("/join #room{}\n", room), 1);
  }
  std::array<std::vector<double>, kKinds.size()> us;
  std::array<std::vector<double>, kKinds.size()> of_echo;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
      std::string lines;
      for (std::size_t i = 0; i < kBatch; ++i) lines += std::string(kKinds[kind].line) + "\n";
      const std::uint64_t before = load::cpu_ns(server.worker(0));
      const auto end = os::Monotonic::now() + std::chrono::duration_cast<os::Monotonic::duration>(
                                                  std::chrono::duration<double>(options.seconds / kKinds.size()));
      std::size_t done = 0;
      for (; os::Monotonic::now() < end; done += kBatch) ask(crowd, 0, lines, kBatch);
      us[kind].push_back(static_cast<double>(load::cpu_ns(server.worker(0)) - before) / 1e3 /
                         static_cast<double>(done));
      of_echo[kind].push_back(us[kind].back() / us[0].back());
    }
  }
  fmt::print("{} guests, {} rooms; {} rounds, medians\n\n{:<28}{:>18}{:>14}\n", clients, rooms, options.rounds, "",
             "CPU us a line", "of an echo");
  Promises promises;
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    fmt::print("{:<28}{:>18.2f}{:>14.2f}\n", kKinds[kind].what, median(us[kind]), median(of_echo[kind]));
    if (kind == 0) continue;
    promises.at_most(
        fmt::format("{}, {} guests and {} rooms: CPU of the worker, of an echo", kKinds[kind].what, clients, rooms),
        fmt::format("{:.1f} µs", median(us[kind])), median(of_echo[kind]), kOfAnEcho,
        median(us[kind]) - median(us[0]) > kMostMicroseconds ? "more than 20 µs beyond an echo" : "");
  }
  fmt::print("\n");
  promises.print();
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::size_t clients = 6000;
  std::size_t rooms = 16383;
  const CommonOptions options =
      read_options(argc, argv, "What a line costs that asks for somebody who is not there.",
                   {{"--clients", &clients, "guests that are there"}, {"--rooms", &rooms, "with a member each"}});
  return run_bench([&] { measure(options, clients, rooms); });
}
