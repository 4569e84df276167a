// What storing and reading messages costs. A group commit waits for the disk: compare CPU and time.
//     TMPDIR=/a/disk build/release/tests/store_bench
// `items_per_second` is by the wall clock, `cpu_us` is processor time of a message, kernel and checkpoints included.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ipc/chat/record.h"
#include "master/ledger/store.h"

namespace {

using namespace rookery;

class Directory final {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rookery-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

class Messages final {
 public:
  explicit Messages(std::uint64_t rooms) {
    for (std::uint64_t i = 0; i < rooms; ++i) rooms_.push_back("#room-" + std::to_string(i));
    record_.header.kind = chat::RecordKind::Say;
    record_.name = "somebody";
    record_.text = text_;
  }
  const chat::Record& next() {
    chat::RecordHeader& header = record_.header;
    ++header.seq;
    header.time_ms = 1'700'000'000'000 + static_cast<std::int64_t>(header.seq / 100);
    header.client = 1 + header.seq % 1000;
    header.account = header.client;
    header.slot = 1;
    header.slot_epoch = 0xfedcba9876543210;
    header.outbox_number = header.seq;
    record_.target_name = rooms_[header.seq * 2654435761U % rooms_.size()];
    return record_;
  }

 private:
  std::vector<std::string> rooms_;
  std::string text_ = std::string(100, 'x');
  chat::Record record_;
};

void store_messages(store::Store& store, Messages& messages, std::int64_t count) {
  if (!store.begin()) std::abort();
  for (std::int64_t i = 0; i < count; ++i) {
    if (!store.add(messages.next())) std::abort();
  }
  if (!store.commit()) std::abort();
}

double process_cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return 1e6 * static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// Arguments: messages of a group, rooms they are spread over.
void group_commit(benchmark::State& state) {
  const Directory directory;
  store::Store store(directory.path());
  Messages messages(static_cast<std::uint64_t>(state.range(1)));
  store_messages(store, messages, state.range(1));
  const double cpu_us = process_cpu_us();
  for ([[maybe_unused]] auto _ : state) store_messages(store, messages, state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["cpu_us"] = (process_cpu_us() - cpu_us) / static_cast<double>(state.iterations() * state.range(0));
}
BENCHMARK(group_commit)
    ->ArgNames({"group", "rooms"})
    ->Args({1, 1})
    ->Args({100, 1})
    ->Args({1000, 1})
    ->Args({4000, 1})
    ->Args({4000, 100})
    ->Args({4000, 1000})
    ->Args({10000, 1})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->MinTime(2);

// What it costs the groups that as many messages are removed as they bring: two stores take turns on the same disk, one
// keeps everything, the other 8 MiB. `time_ratio` and `worst_ratio` are of the second to the first.
void group_with_pruning(benchmark::State& state) {
  struct Side {
    explicit Side(std::uint64_t bytes) : keep{.age = {}, .bytes = bytes}, store(directory.path()), messages(10) {}
    void store_group(std::int64_t count) {
      const auto begin = std::chrono::steady_clock::now();
      if (!store.begin()) std::abort();
      for (std::int64_t i = 0; i < count; ++i)
        if (!store.add(messages.next())) std::abort();
      // As the storing thread does it.
      for (std::int64_t removed = 0; keep.limits() && removed < 128 + 2 * count;) {
        const auto pruned = store.prune(keep, 0, 128);
        if (!pruned) std::abort();
        removed += static_cast<std::int64_t>(pruned->messages);
        if (!pruned->more) break;
      }
      if (!store.commit()) std::abort();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      total += took.count();
      worst = std::max(worst, took.count());
    }
    Directory directory;
    store::Retention keep;
    store::Store store;
    Messages messages;
    double total = 0;
    double worst = 0;
  };
  Side plain(0);
  Side bounded(std::uint64_t{8} * 1024 * 1024);
  for (Side* side : {&plain, &bounded}) {
    for (int i = 0; i < 10; ++i) side->store_group(10000);  // some 20 MB: the second has to remove from now on
    side->total = side->worst = 0;
  }
  for ([[maybe_unused]] auto _ : state) {
    plain.store_group(state.range(0));
    bounded.store_group(state.range(0));
  }
  state.counters["time_ratio"] = bounded.total / plain.total;
  state.counters["worst_ratio"] = bounded.worst / plain.worst;
  state.counters["worst_ms"] = bounded.worst * 1000;
}
BENCHMARK(group_with_pruning)
    ->ArgName("group")
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->MinTime(2);

// Opening after a clean stop and after one that left the files to a new boot, by messages stored.
void open_store(benchmark::State& state) {
  const Directory directory;
  {
    store::Store store(directory.path());
    Messages messages(100);
    for (std::int64_t stored = 0; stored < state.range(0); stored += 10000) store_messages(store, messages, 10000);
    store.checkpoint();
  }
  for ([[maybe_unused]] auto _ : state) {
    store::Store store(directory.path());
    state.PauseTiming();
    store.checkpoint();
    state.ResumeTiming();
  }
}
BENCHMARK(open_store)->Arg(10000)->Arg(50000)->Arg(1000000)->UseRealTime()->Unit(benchmark::kMillisecond);

// A page of 64 out of a million messages in 100 rooms.
void history_page(benchmark::State& state) {
  const Directory directory;
  store::Store store(directory.path());
  Messages messages(100);
  for (int i = 0; i < 100; ++i) store_messages(store, messages, 10000);
  store::StoreReader reader(directory.path());
  store::HistoryQuery query;
  query.room = "#room-7";
  query.limit = static_cast<std::uint32_t>(state.range(0));
  query.page_messages = 64;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(reader.history(query));
}
BENCHMARK(history_page)->ArgName("limit")->Arg(50)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
