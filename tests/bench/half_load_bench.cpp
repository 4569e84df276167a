// How long a message takes at half of the load that the server can bear: latency from the moment at which a message was
// due until a reader has it, over all readers and messages. Rookery against the bare server that batches (B).
//     half_load_bench --readers 1000 --senders 10
// First both are run at full load, to find the rate: half of the messages a second that Rookery reached in this run.
// Then messages are due at that rate, whatever has become of those before (an open loop), so that a server that holds
// one back is not spared the next. Rounds take turns; ratios are medians of the rounds' ratios.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/open_loop.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"

namespace rookery::bench {

namespace {

constexpr double kPart = 0.5;
constexpr double kP99OfBatched = 1.5;
constexpr std::size_t kRoundsToFindTheRate = 3;

void measure(const CommonOptions& options, DialectChoice dialect, const Load& load, std::size_t window,
             Promises& promises) {
  const ServerUnderTest server(options.server, options.server_arguments({"--workers", "1", "--max-clients",
                                                                         std::to_string(load.clients() + 8)}));
  Contestant rookery = Contestant::of_server("Rookery", server, dialect, load);
  const Lines lines = learn_lines(rookery);
  const BareServer batched(BareKind::Batched, lines.message, lines.answer);
  Contestant bare = Contestant::of_bare("B", batched, dialect, load);

  Rounds full;
  for (std::size_t i = 0; i < kRoundsToFindTheRate; ++i) full.add(run_round(rookery, window, options.seconds));
  const double rate = kPart * full.median_of(&Round::messages_per_second);

  std::array<std::vector<OpenLoopFigures>, 2> rounds;
  std::vector<double> ratios;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    rounds[0].push_back(run_open_loop(rookery, rate, options.seconds));
    rounds[1].push_back(run_open_loop(bare, rate, options.seconds));
    ratios.push_back(rounds[0].back().p99_us / rounds[1].back().p99_us);
  }

  const char* const language = dialect == DialectChoice::Text ? "text" : "JSON";
  fmt::print("\n{} readers, {} senders, {}, {:.0f} messages/s: half of the full load's, {} rounds of {} s, medians\n\n",
             load.readers, load.senders, language, rate, options.rounds, options.seconds);
  fmt::print("{:<10}{:>10}{:>10}{:>10}{:>18}{:>18}\n", "server", "p50 us", "p99 us", "most us", "messages/write",
             "CPU us each");
  for (std::size_t i = 0; i < 2; ++i) {
    const auto of = [&](double OpenLoopFigures::*member) {
      std::vector<double> values;
      for (const OpenLoopFigures& one : rounds[i]) values.push_back(one.*member);
      return median(std::move(values));
    };
    fmt::print("{:<10}{:>10.0f}{:>10.0f}{:>10.0f}{:>18.1f}{:>18.3f}\n", i == 0 ? "Rookery" : "B",
               of(&OpenLoopFigures::p50_us), of(&OpenLoopFigures::p99_us), of(&OpenLoopFigures::most_us),
               of(&OpenLoopFigures::messages_per_write), of(&OpenLoopFigures::cpu_us));
  }
  std::vector<double> p99;
  for (const OpenLoopFigures& one : rounds[0]) p99.push_back(one.p99_us);
  promises.at_most(fmt::format("{} readers, {}, half load: p99, of B", load.readers, language),
                   fmt::format("{:.0f} µs", median(p99)), median(ratios), kP99OfBatched);
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  Load load{.readers = 1000, .senders = 10};
  std::size_t window = 8;
  const CommonOptions options = read_options(argc, argv, "How long a message takes at half load.",
                                             {{"--readers", &load.readers, "clients that only listen"},
                                              {"--senders", &load.senders, "clients that speak"},
                                              {"--text-bytes", &load.text_bytes, "of a message"},
                                              {"--window", &window, "messages under way of a sender at full load"}});
  return run_bench([&] {
    rookery::load::raise_descriptor_limit();
    Promises promises;
    for (const DialectChoice dialect : options.dialects()) measure(options, dialect, load, window, promises);
    promises.print();
  });
}
