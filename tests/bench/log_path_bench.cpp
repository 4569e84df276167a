// What the way through the log costs: its two queues alone, in one thread; and outbox -> ledger -> ring between three
// processes (log_path.h), as fast as it goes and at a rate where nobody waits for anybody.
//     TMPDIR=/a/disk build/release/tests/log_path_bench
// `published` and `durable` are messages a second by the wall clock, `ledger_cpu_us` is the ledger's processor time of
// a message, storing included; latency is one way, from the append to the reader's copy, both asleep in between.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>

#include "tests/bench/log_path.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/promises.h"

namespace {

using namespace rookery;

constexpr std::size_t kTextBytes = 100;
constexpr std::uint64_t kCapacityWords = 128 * 1024;
// The first fits into outbox and ring; of the second the disk must have taken most before the last can be published.
constexpr std::uint32_t kInMemory = 20'000;
constexpr std::uint32_t kToDisk = 200'000;
constexpr double kPublishedASecond = 1'000'000;
constexpr double kDurableASecond = 100'000;
constexpr double kLedgerCpuUs = 3;

// An append and a take of one message; `range` of them are appended before they are taken and their room is freed.
void record_queue(benchmark::State& state) {
  std::vector<std::uint64_t> words(kCapacityWords);
  shm::PositionWord tail{0};
  shm::PositionWord taken{0};
  shm::RecordQueueProducer producer(tail, words.data(), words.size(), taken);
  shm::RecordQueueConsumer consumer(tail, words.data(), words.size(), taken);
  const std::vector<std::byte> message = bench::encoded_message(kTextBytes);
  std::vector<std::byte> copy;
  for ([[maybe_unused]] auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) benchmark::DoNotOptimize(producer.append(message));
    while (consumer.peek(copy) == shm::TakeResult::Record) benchmark::DoNotOptimize(copy.data());
    consumer.release();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(record_queue)->ArgName("batch")->Arg(1)->Arg(64);

// An append and a read of one message; `range` of them are published at once.
void log_ring(benchmark::State& state) {
  std::vector<std::uint64_t> memory(shm::log_ring_bytes(kCapacityWords) / 8);
  auto* const bytes = reinterpret_cast<std::byte*>(memory.data());
  shm::LogRingWriter writer(bytes, kCapacityWords);
  shm::LogRingReader reader(bytes, shm::log_ring_bytes(kCapacityWords));
  const std::vector<std::byte> message = bench::encoded_message(kTextBytes);
  std::vector<std::byte> copy;
  for ([[maybe_unused]] auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) writer.append(message);
    writer.publish();
    while (reader.read(copy) == shm::ReadResult::Record) benchmark::DoNotOptimize(copy.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(log_ring)->ArgName("batch")->Arg(1)->Arg(64);

bench::LogPath& log_path() {
  static bench::LogPath path(kTextBytes);
  return path;
}

struct Figures {
  std::vector<double> published, durable, cpu_us;  // of each repetition
};

// By the number of messages.
std::map<std::uint32_t, Figures>& kept() {
  static std::map<std::uint32_t, Figures> figures;
  return figures;
}

void full_speed(benchmark::State& state) {
  bench::LogPath& path = log_path();
  const auto messages = static_cast<std::uint32_t>(state.range(0));
  double published = 0;
  double durable = 0;
  double cpu_us = 0;
  for ([[maybe_unused]] auto _ : state) {
    const bench::LogPath::Passage passage = path.pass(messages, 0);
    state.SetIterationTime(passage.durable_seconds);
    published += messages / passage.published_seconds;
    durable += messages / passage.durable_seconds;
    cpu_us += passage.ledger_cpu_us;
  }
  const auto passes = static_cast<double>(state.iterations());
  Figures& figures = kept()[messages];
  figures.published.push_back(published / passes);
  figures.durable.push_back(durable / passes);
  figures.cpu_us.push_back(cpu_us / passes);
  const auto average = [](double sum) { return benchmark::Counter(sum, benchmark::Counter::kAvgIterations); };
  state.counters["published"] = average(published);
  state.counters["durable"] = average(durable);
  state.counters["ledger_cpu_us"] = average(cpu_us);
}
BENCHMARK(full_speed)
    ->ArgName("messages")
    ->Arg(kInMemory)
    ->Arg(kToDisk)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(5)
    ->ReportAggregatesOnly();

void latency(benchmark::State& state) {
  bench::LogPath& path = log_path();
  std::vector<double> all;
  double cpu_us = 0;
  for ([[maybe_unused]] auto _ : state) {
    const auto rate = static_cast<std::uint32_t>(state.range(0));
    const bench::LogPath::Passage passage = path.pass(2 * rate, rate);
    state.SetIterationTime(passage.durable_seconds);
    cpu_us += passage.ledger_cpu_us;
    all.insert(all.end(), passage.latency_us.begin(), passage.latency_us.end());
  }
  std::sort(all.begin(), all.end());
  state.counters["p50_us"] = all[all.size() / 2];
  state.counters["p99_us"] = all[all.size() * 99 / 100];
  state.counters["ledger_cpu_us"] = benchmark::Counter(cpu_us, benchmark::Counter::kAvgIterations);
}
BENCHMARK(latency)
    ->ArgName("per_second")
    ->Arg(200)
    ->Arg(1000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->Repetitions(3)
    ->ReportAggregatesOnly();

// Nothing, where other benchmarks were asked for.
void print_promises() {
  const auto in_memory = kept().find(kInMemory);
  const auto to_disk = kept().find(kToDisk);
  if (in_memory == kept().end() || to_disk == kept().end()) return;
  const auto rate = [](const std::vector<double>& rates) {
    return fmt::format("{:.2f} million/s", bench::median(rates) / 1e6);
  };
  bench::Promises promises;
  promises.at_least("ledger: messages of 100 bytes published a second, in memory", rate(in_memory->second.published),
                    bench::median(in_memory->second.published), kPublishedASecond);
  promises.at_least("ledger: durable a second", rate(to_disk->second.durable), bench::median(to_disk->second.durable),
                    kDurableASecond);
  promises.at_most("ledger: its CPU a durable message, µs",
                   fmt::format("{:.2f} µs; {:.2f} in the burst of {}", bench::median(to_disk->second.cpu_us),
                               bench::median(in_memory->second.cpu_us), kInMemory),
                   bench::median(to_disk->second.cpu_us), kLedgerCpuUs);
  promises.print();
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  try {
    benchmark::RunSpecifiedBenchmarks();
    print_promises();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 70;
  }
  return 0;
}
