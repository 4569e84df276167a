// docs/labs/false-sharing.cpp
//
// Two processes count, each in an element of its own: once the two are neighbours in one cache line, once they are
// apart. Its page: false-sharing.md.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include "docs/labs/children.h"
#include "docs/labs/lab.h"
#include "docs/labs/say.h"
#include "docs/labs/side_by_side.h"
#include "ipc/os/process.h"
#include "ipc/shm/shared_array.h"

namespace rookery::labs {

namespace {

using std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;
using Words = shm::SharedArray<std::uint64_t>;

// Where the two processes count, as elements of the one array that both write into.
struct Way {
  const char* name;
  std::array<std::uint64_t, 2> elements;
};
using Ways = std::array<Way, 2>;

// What each process writes alone.
struct Own {
  Words round;                       // the round that it is ready for
  shm::SharedArray<double> time_us;  // of each round
};

// A round of one way, a round of the other, and so on.
int count(std::size_t me, const Ways& ways, std::uint64_t additions, bool by_store, const Words& counters,
          const std::array<Own, 2>& own) {
  take_core(me);
  auto counter = counters.writer();
  auto round = own[me].round.writer();
  auto time_us = own[me].time_us.writer();
  const auto others_round = own[1 - me].round.reader();
  for (std::uint64_t i = 0; i < time_us.size(); ++i) {
    const std::uint64_t element = ways[i % ways.size()].elements[me];
    meet(i + 1, round, others_round);
    const auto begin = steady_clock::now();
    for (std::uint64_t n = 0; n < additions; ++n) {
      if (by_store)
        counter.store(element, counter.load(element) + 1);  // enough, as nobody else changes it
      else
        counter.add(element, 1);
    }
    time_us.store(i, Microseconds(steady_clock::now() - begin).count());
  }
  return 0;
}

// Over all rounds of one way, of the slower process.
double median_us(std::size_t way, const std::array<Own, 2>& own) {
  const auto left = own[0].time_us.reader();
  const auto right = own[1].time_us.reader();
  std::vector<double> times;
  for (std::uint64_t i = way; i < left.size(); i += 2) times.push_back(std::max(left.load(i), right.load(i)));
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace

int false_sharing(Options& options) {
  const std::uint64_t additions = options.number("additions", 20'000, "of each process in a round", 1, 100'000'000);
  const std::uint64_t rounds = options.number("rounds", 201, "of each way, in turn", 1, 100'000);
  const unsigned apart = options.number("apart", 8, "elements of 8 bytes from one counter to the other", 1, 1'000);
  const bool by_store = options.flag("by-store", "load, and store one more, instead of an atomic addition");
  options.complete();

  const Ways ways{Way{"neighbours", {0, 1}}, Way{"apart", {64, 64 + apart}}};
  const Words counters("counters", ways[1].elements[1] + 1);
  const std::array<Own, 2> own{Own{Words("round-0", 1), shm::SharedArray<double>("time-0", 2 * rounds)},
                               Own{Words("round-1", 1), shm::SharedArray<double>("time-1", 2 * rounds)}};
  os::Process left = start_child([&] { return count(0, ways, additions, by_store, counters, own); });
  os::Process right = start_child([&] { return count(1, ways, additions, by_store, counters, own); });
  if (!wait_for_end(left).clean() || !wait_for_end(right).clean())
    throw std::runtime_error("a counting process has failed");

  say("2 processes, {} cores, {} rounds of {} additions", std::thread::hardware_concurrency(), rounds, additions);
  const auto sums = counters.reader();
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const auto [one, other] = ways[i].elements;
    say("  {:<10}{:>5} bytes: counted {} and {}, median of a round {:.0f} us", ways[i].name, (other - one) * 8,
        sums.load(one), sums.load(other), median_us(i, own));
  }
  say("neighbours take {:.1f} times as long", median_us(0, own) / median_us(1, own));
  return 0;
}

}  // namespace rookery::labs
