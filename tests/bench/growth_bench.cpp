// How the cost of a delivery grows with the readers of a room, and what a join into a large room sends.
//     growth_bench --burst 8 --most 20000
// One sender sends `burst` messages at once, and again when all readers have them, so that as many messages are
// in a write however many readers there are (messages/write says so), and the disk does not set the pace. The same of a
// bare server that batches (B) stands beside: what grows there too is the kernel's. The largest crowd is what the limit
// of open files allows, here and in the server. Each crowd has servers of its own.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "client/load/compare/process_figures.h"
#include "tests/bench/support/contest.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"

namespace rookery::bench {

namespace {

// For what is open besides: most of it by the master, which says how many it needs when they are too few.
constexpr std::uint64_t kOtherDescriptors = 256;
constexpr double kFlat = 1.25;
constexpr std::size_t kJoins = 20;
constexpr std::chrono::seconds kAnswerWithin{30};
constexpr const char* kRoom = "#growth";

std::vector<std::string> arguments_for(const CommonOptions& options, std::size_t clients) {
  return options.server_arguments(
      {"--workers", "1", "--max-workers", "1", "--max-clients", std::to_string(clients + 1)});
}

struct Size {
  std::size_t readers = 0;
  Rounds ours, bare;
};

Size measure_size(const CommonOptions& options, std::size_t readers, std::size_t burst) {
  const Load load{.readers = readers, .senders = 1};
  Size size{.readers = readers, .ours = {}, .bare = {}};
  Lines lines;
  {
    const ServerUnderTest server(options.server, arguments_for(options, load.clients()));
    Contestant rookery = Contestant::of_server("Rookery", server, options.dialect, load);
    lines = learn_lines(rookery);
    for (std::size_t i = 0; i < options.rounds; ++i) size.ours.add(run_bursts(rookery, burst, options.seconds));
  }
  const BareServer batched(BareKind::Batched, lines.message, lines.answer);
  Contestant bare = Contestant::of_bare("B", batched, options.dialect, load);
  for (std::size_t i = 0; i < options.rounds; ++i) size.bare.add(run_bursts(bare, burst, options.seconds));
  return size;
}

// Bytes that all clients together get while `kJoins` clients join a room that many are in, the answers included.
double bytes_of_a_join(const CommonOptions& options, std::size_t members) {
  const ServerUnderTest server(options.server, arguments_for(options, members + kJoins));
  const std::string ping = ping_line(DialectChoice::Text);
  Crowd crowd(server.port(), members, ping);
  std::uint64_t bytes = 0;
  std::size_t answers = 0;
  std::size_t mark_bytes = 0;
  std::size_t marks = 0;  // messages that say kMark
  constexpr std::string_view kMark = "the end";
  std::vector<LineCutter> cutters(members + kJoins);
  const auto wait_until = [&](auto enough) {
    while (!enough()) {
      const bool came = crowd.turn(kAnswerWithin, [&](std::size_t client, std::string_view some) {
        bytes += some.size();
        cutters[client].feed(some, [&](std::string_view line) {
          if (line.starts_with("ERR")) throw std::runtime_error("the server refuses: " + std::string(line));
          if (is_answer(line)) ++answers;
          if (!line.ends_with(kMark)) return;
          ++marks;
          mark_bytes = line.size() + 1;
        });
      });
      if (!came) throw std::runtime_error("an answer is missing");
    }
  };
  const auto join = [&](std::size_t client) {
    const std::size_t answered = answers;
    crowd.send(client, fmt::format("/join {}\n", kRoom));
    wait_until([&] { return answers == answered + 1; });
  };
  for (std::size_t client = 0; client < members; ++client) join(client);
  for (std::size_t client = 0; client < members; ++client) crowd.send(client, "/presence on\n");
  wait_until([&] { return answers == 2 * members; });
  crowd.enter(server.port(), kJoins, ping);

  bytes = 0;
  for (std::size_t i = 0; i < kJoins; ++i) join(members + i);
  // Whatever was sent for the joins comes before this.
  const std::size_t answered = answers;
  crowd.send(0, fmt::format("/say {} {}\n", kRoom, kMark));
  wait_until([&] { return answers == answered + 1 && marks == members + kJoins; });
  return (static_cast<double>(bytes) - static_cast<double>(marks * mark_bytes)) / kJoins;
}

void measure(const CommonOptions& options, std::size_t burst, std::size_t most, std::size_t members) {
  const std::uint64_t limit = load::raise_descriptor_limit();
  most = std::min<std::size_t>(most, limit - kOtherDescriptors);
  std::vector<Size> sizes;
  fmt::print("bursts of {}, at most {} readers (limit of open files: {}), {} rounds of {} s each, medians\n\n", burst,
             most, limit, options.rounds, options.seconds);
  fmt::print("{:>8}{:>20}{:>14}{:>20}{:>18}{:>16}\n", "readers", "Rookery, CPU us", "of the first", "messages/write",
             "B, CPU us", "Rookery / B");
  for (const std::size_t readers : {std::size_t{100}, std::size_t{1000}, std::size_t{10'000}, most}) {
    if (readers > most || (!sizes.empty() && readers == sizes.back().readers)) continue;
    sizes.push_back(measure_size(options, readers, burst));
    const Size& size = sizes.back();
    const double ours = size.ours.median_of(&Round::cpu_us);
    fmt::print("{:>8}{:>20.3f}{:>14.2f}{:>20.1f}{:>18.3f}{:>16.2f}\n", size.readers, ours,
               ours / sizes.front().ours.median_of(&Round::cpu_us), size.ours.median_of(&Round::messages_per_write),
               size.bare.median_of(&Round::cpu_us), size.ours.ratio_to(size.bare, &Round::cpu_us));
  }
  const auto cheaper = [](const Size& a, const Size& b) {
    return a.ours.median_of(&Round::cpu_us) < b.ours.median_of(&Round::cpu_us);
  };
  const auto least = std::min_element(sizes.begin(), sizes.end(), cheaper);
  const auto dearest = std::max_element(sizes.begin(), sizes.end(), cheaper);
  const auto spread = [&](Rounds Size::*rounds) {
    return ((*dearest).*rounds).median_of(&Round::cpu_us) / ((*least).*rounds).median_of(&Round::cpu_us);
  };

  members = std::min<std::size_t>(members, limit - kOtherDescriptors - kJoins);
  const double bytes = bytes_of_a_join(options, members);
  fmt::print("\na join into a room of {}, all of whom have presence on: {:.0f} bytes to all members together\n",
             members, bytes);
  Promises promises;
  promises.at_most(
      fmt::format("{} to {} readers: CPU a delivery, dearest of cheapest", sizes.front().readers, sizes.back().readers),
      fmt::format("{:.2f} µs with {}, {:.2f} µs with {}", dearest->ours.median_of(&Round::cpu_us), dearest->readers,
                  least->ours.median_of(&Round::cpu_us), least->readers),
      spread(&Size::ours), kFlat, fmt::format("B between the same two: {:.2f}", spread(&Size::bare)));
  // One line each would already be a lot; names of all to all are members times as much.
  promises.at_most(fmt::format("a join into a room of {}: bytes for each member", members),
                   fmt::format("{:.0f} bytes in all", bytes), bytes / static_cast<double>(members), 64);
  promises.print();
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  std::size_t burst = 8;
  std::size_t most = 20'000;
  std::size_t members = 10'000;
  const CommonOptions options = read_options(argc, argv, "How the cost of a delivery grows with the readers.",
                                             {{"--burst", &burst, "messages that are sent at once"},
                                              {"--most", &most, "readers of the largest crowd"},
                                              {"--members", &members, "of the room that others join"}});
  return run_bench([&] { measure(options, burst, most, members); });
}
