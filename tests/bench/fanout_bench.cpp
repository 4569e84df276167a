// What bringing a message to many clients costs: Rookery against two bare epoll servers, and against Redis pub/sub
// where redis-server is installed, in the same run.
//     fanout_bench                                       three shapes of crowd, text and JSON lines, about five minutes
//     fanout_bench --readers 1000 --senders 10 --dialect json --window 8        one of them
// A sender keeps `window` messages under way; one is under way until its answer has come, which in Rookery means that
// it is on disk (that of $TMPDIR). All clients get all messages, the senders too. Rounds of the servers take turns, so
// that whatever else the machine does meets all alike; ratios are medians of the rounds' ratios. Processor time is that
// of all of a server's processes, kernel included, loopback TCP as well. With one sender and one message at a time the
// time until a reader has it is measured too: the median over all readers and messages.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "client/load/compare/process_figures.h"
#include "tests/bench/support/contest.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"
#include "tests/bench/support/redis_server.h"

namespace rookery::bench {

namespace {

struct Shape {
  std::size_t readers;
  std::size_t senders;
  double of_batched;  // processor time of a delivery, at most; 0: nothing is promised of this shape
};

constexpr Shape kShapes[] = {{1000, 10, 1.25}, {1000, 1, 1.15}, {100, 10, 1.5}};
constexpr double kRateOfBatched = 0.8;
constexpr double kOfRedis = 0.75;
constexpr double kOneAtATimeOfEach = 1.15;
// A load generator that uses so much of its core may be what limits the rate.
constexpr double kAllOfACore = 0.9;
constexpr double kLatencyOfEach = 1.15;
constexpr double kLatencyBesidesUs = 60;

// In the order of the rounds.
enum Place : std::size_t { kRookery, kEach, kBatched, kRedis };

std::vector<Rounds> run_rounds(std::vector<Contestant*> contestants, const CommonOptions& options, std::size_t window,
                               bool latencies) {
  std::vector<Rounds> rounds(contestants.size());
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i)
      rounds[i].add(run_round(*contestants[i], window, options.seconds, latencies));
  }
  return rounds;
}

void print_table(const std::vector<Contestant*>& contestants, const std::vector<Rounds>& rounds, std::size_t window) {
  fmt::print("\n{:>6}  {:<36}{:>11}{:>14}{:>13}{:>16}{:>12}{:>11}\n", "window", "server", "messages/s", "deliveries/s",
             "CPU us each", "messages/write", "latency us", "generator");
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    const Rounds& one = rounds[i];
    const double latency_us = one.median_of(&Round::latency_us);
    fmt::print("{:>6}  {:<36}{:>11.0f}{:>14.0f}{:>13.3f}{:>16.1f}{:>12}{:>11.2f}\n", window, contestants[i]->name,
               one.median_of(&Round::messages_per_second), one.median_of(&Round::deliveries_per_second),
               one.median_of(&Round::cpu_us), one.median_of(&Round::messages_per_write),
               latency_us == 0 ? "-" : fmt::format("{:.0f}", latency_us), one.median_of(&Round::generator_cores));
  }
  for (std::size_t i = 1; i < contestants.size(); ++i) {
    const std::string& other = contestants[i]->name;
    fmt::print("{:>6}  Rookery / {:<26}{:>11}{:>14.2f}{:>13.3f}\n", window, other.substr(0, other.find_first_of(": ")),
               "", rounds[kRookery].ratio_to(rounds[i], &Round::deliveries_per_second),
               rounds[kRookery].ratio_to(rounds[i], &Round::cpu_us));
  }
  fmt::print("{:>6}  of Rookery's processor time {:.0f} % is the ledger's; {:.0f} % the kernel's, of B's {:.0f} %\n",
             window, 100 * rounds[kRookery].median_of(&Round::ledger_share),
             100 * rounds[kRookery].median_of(&Round::kernel_share),
             100 * rounds[kBatched].median_of(&Round::kernel_share));
}

void promise_full_load(Promises& promises, const std::string& shape, const std::vector<Rounds>& rounds,
                       double of_batched) {
  const Rounds& ours = rounds[kRookery];
  const std::string cpu = fmt::format("{:.3f} µs", ours.median_of(&Round::cpu_us));
  const std::string rate = fmt::format("{:.2f} million/s", ours.median_of(&Round::deliveries_per_second) / 1e6);
  promises.at_most(shape + ": CPU a delivery, of B", cpu, ours.ratio_to(rounds[kBatched], &Round::cpu_us), of_batched);
  const double generator =
      std::max(ours.median_of(&Round::generator_cores), rounds[kBatched].median_of(&Round::generator_cores));
  promises.at_least(shape + ": deliveries, of B", rate, ours.ratio_to(rounds[kBatched], &Round::deliveries_per_second),
                    kRateOfBatched, generator >= kAllOfACore ? "the load generator had all of a core" : "");
  if (rounds.size() > kRedis)
    promises.at_most(shape + ": CPU a delivery, of Redis", cpu, ours.ratio_to(rounds[kRedis], &Round::cpu_us),
                     kOfRedis);
}

void promise_one_at_a_time(Promises& promises, const std::string& shape, const std::vector<Rounds>& rounds) {
  const Rounds& ours = rounds[kRookery];
  promises.at_most(shape + ", one message at a time: CPU a delivery, of S",
                   fmt::format("{:.2f} µs", ours.median_of(&Round::cpu_us)),
                   ours.ratio_to(rounds[kEach], &Round::cpu_us), kOneAtATimeOfEach);
  const double latency = ours.median_of(&Round::latency_us);
  const double theirs = rounds[kEach].median_of(&Round::latency_us);
  promises.at_most(
      shape + ", one message at a time: a reader's median latency, of S",
      fmt::format("{:.0f} µs; S {:.0f}, B {:.0f}", latency, theirs, rounds[kBatched].median_of(&Round::latency_us)),
      latency / theirs, kLatencyOfEach + kLatencyBesidesUs / theirs, "1.15 times S, and 60 µs");
}

void measure(const CommonOptions& options, DialectChoice dialect, const Load& load, std::size_t full_window,
             double of_batched, Promises& promises) {
  const ServerUnderTest server(options.server, options.server_arguments({"--workers", "1", "--max-clients",
                                                                         std::to_string(load.clients() + 8)}));
  Contestant rookery = Contestant::of_server("Rookery", server, dialect, load);
  const Lines lines = learn_lines(rookery);
  const BareServer each(BareKind::SendEach, lines.message, lines.answer);
  const BareServer batched(BareKind::Batched, lines.message, lines.answer);
  Contestant s = Contestant::of_bare("S: one send per message and socket", each, dialect, load);
  Contestant b = Contestant::of_bare("B: one send for all of a turn", batched, dialect, load);
  std::vector<Contestant*> contestants{&rookery, &s, &b};

  const char* const language = dialect == DialectChoice::Text ? "text" : "JSON";
  fmt::print("\n{} readers, {} senders, {}, a message of {} bytes, {} rounds of {} s each, medians\n", load.readers,
             load.senders, language, lines.message.size(), options.rounds, options.seconds);
  const std::string shape = fmt::format("{} readers, {} {}, {}", load.readers, load.senders,
                                        load.senders == 1 ? "sender" : "senders", language);
  if (load.senders == 1 || full_window == 1) {
    const std::vector<Rounds> rounds = run_rounds(contestants, options, 1, load.senders == 1);
    print_table(contestants, rounds, 1);
    if (load.senders == 1 && of_batched > 0) promise_one_at_a_time(promises, shape, rounds);
  }
  if (full_window == 1) return;

  std::optional<RedisServer> redis;
  std::optional<Contestant> fourth;
  if (const auto program = installed_redis()) {
    redis.emplace(*program, load.clients());
    fourth.emplace(redis->contestant(load, lines.message.size()));
    contestants.push_back(&*fourth);
  }
  const std::vector<Rounds> rounds = run_rounds(contestants, options, full_window, false);
  print_table(contestants, rounds, full_window);
  if (of_batched > 0) promise_full_load(promises, shape, rounds, of_batched);
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  Load one{.readers = 0, .senders = 1};
  std::size_t window = 8;
  CommonOptions options =
      read_options(argc, argv, "What bringing a message to many clients costs.",
                   {{"--readers", &one.readers, "clients that only listen; without it, three shapes of crowd"},
                    {"--senders", &one.senders, "clients that speak, with --readers"},
                    {"--text-bytes", &one.text_bytes, "of a message"},
                    {"--window", &window, "messages under way of a sender at full load"}});
  return run_bench([&] {
    rookery::load::raise_descriptor_limit();
    if (!installed_redis()) fmt::print("redis-server is not installed: no comparison with it\n");
    std::vector<Shape> shapes(std::begin(kShapes), std::end(kShapes));
    if (one.readers != 0) {
      std::erase_if(shapes,
                    [&](const Shape& shape) { return shape.readers != one.readers || shape.senders != one.senders; });
      if (shapes.empty()) shapes.push_back({one.readers, one.senders, 0});
    }
    Promises promises;
    for (const DialectChoice dialect : options.dialects()) {
      for (const Shape& shape : shapes)
        measure(options, dialect, {shape.readers, shape.senders, one.text_bytes}, window, shape.of_batched, promises);
    }
    promises.print();
  });
}
