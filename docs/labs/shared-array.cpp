// docs/labs/shared-array.cpp
//
// Two processes fill shared arrays with squares and cubes, and shared values with their sums; the parent only looks.
// Its page: shared-array.md.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "docs/labs/children.h"
#include "docs/labs/lab.h"
#include "docs/labs/pane.h"
#include "docs/labs/say.h"
#include "ipc/os/process.h"
#include "ipc/shm/shared_array.h"
#include "ipc/shm/shared_value.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMostNumber = 10'000;  // a million cubes of it fit into a word

// Of the first `count` results. One value: the two change together.
struct Total {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
};

using SharedResults = shm::SharedArray<std::uint64_t>;
using SharedTotal = shm::SharedValue<Total>;

// One process's work. That process alone writes into the memory.
struct Work {
  const char* name;
  unsigned exponent;
  int column;  // where its lines begin in a pane that it shares
  Pane pane;
  SharedResults results;
  SharedTotal total;
};

std::uint64_t power(std::uint64_t base, unsigned exponent) {
  return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

int fill(const Work& work, const std::vector<std::uint64_t>& numbers, milliseconds pause, unsigned dies_after) {
  work.pane.take();
  const int column = work.pane ? 0 : work.column;
  auto results = work.results.writer();
  auto total = work.total.writer();
  for (const std::uint64_t number : numbers) {
    Total next = total.load();
    const std::uint64_t result = power(number, work.exponent);
    results.store(next.count, result);
    next.count += 1;
    next.sum += result;
    total.store(next);  // whoever sees this count sees the result as well
    say("{:{}}{}^{} = {}, sum {}", "", column, number, work.exponent, result, next.sum);
    if (next.count == dies_after) std::raise(SIGKILL);
    std::this_thread::sleep_for(pause);
  }
  return 0;
}

Total look_at(const SharedTotal::Reader& total) {
  for (;;)
    if (const std::optional<Total> seen = total.load()) return *seen;  // empty: it changes faster than we look
}

void report(const Work& work, const os::ExitStatus& end) {
  const auto results = work.results.reader();
  const Total total = look_at(work.total.reader());
  std::string list;
  for (std::uint64_t i = 0; i < total.count; ++i) list += " " + std::to_string(results.load(i));
  say("main: {} ended with {}, {} of {} done:{}; sum {}", work.name, end.describe(), total.count, results.size(), list,
      total.sum);
}

}  // namespace

int shared_array(Options& options) {
  const auto numbers = options.numbers("numbers", "1 2 3 4 5 6 7 8", "whose squares and cubes", kMostNumber);
  const milliseconds pause = options.milliseconds("pause", 200, "after each number");
  const std::string squares_pane = options.text("squares-pane", "", "a terminal for the squares, as /dev/pts/5");
  const std::string cubes_pane = options.text("cubes-pane", "", "a terminal for the cubes");
  const unsigned dies_after = options.number("cubes-die-after", 0, "numbers; 0: they live to the end", 0);
  options.complete();

  const Work squares{
      "squares", 2, 0, Pane(squares_pane), SharedResults("squares", numbers.size()), SharedTotal("squares-total")};
  const Work cubes{
      "cubes", 3, 32, Pane(cubes_pane), SharedResults("cubes", numbers.size()), SharedTotal("cubes-total")};
  os::Process left = start_child([&] { return fill(squares, numbers, pause, 0); });
  os::Process right = start_child([&] { return fill(cubes, numbers, pause, dies_after); });

  const auto seen = squares.total.reader();
  const auto seen_cubes = cubes.total.reader();
  const std::uint64_t half = (numbers.size() + 1) / 2;
  while (look_at(seen).count < half && !readable_within(left.pidfd(), milliseconds(1))) {
  }
  const Total some = look_at(seen);
  const Total others = look_at(seen_cubes);
  say("main: so far {} squares, sum {}; {} cubes, sum {}", some.count, some.sum, others.count, others.sum);

  report(squares, wait_for_end(left));
  report(cubes, wait_for_end(right));
  return 0;
}

}  // namespace rookery::labs
