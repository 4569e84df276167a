// docs/labs/racing-threads.cpp
//
// Two named threads add random numbers from 1 to 10 until one of them reaches the goal. Its page: racing-threads.md.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <latch>
#include <random>
#include <thread>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"
#include "ipc/os/thread.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

constexpr std::array<const char*, 2> kNames{"hare", "tortoise"};
constexpr std::size_t kNobody = kNames.size();

struct Race {
  std::latch start{2};                       // neither begins before the other is there
  std::atomic<std::size_t> winner{kNobody};  // who arrives second finds it taken
  std::array<unsigned, 2> sums{};            // each written by its own thread alone
};

void run_race(Race& race, std::size_t me, unsigned goal, milliseconds pause, unsigned seed) {
  os::name_this_thread(kNames[me]);
  std::mt19937 generator(seed);
  std::uniform_int_distribution<unsigned> one_to_ten(1, 10);
  race.start.arrive_and_wait();
  while (race.winner == kNobody) {
    race.sums[me] += one_to_ten(generator);
    if (race.sums[me] >= goal) {
      std::size_t nobody = kNobody;
      race.winner.compare_exchange_strong(nobody, me);
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

int racing_threads(Options& options) {
  const unsigned runs = options.number("runs", 10, "how many races");
  const unsigned goal = options.number("goal", 100, "the sum to reach");
  const milliseconds pause = options.milliseconds("pause", 1, "after each number");
  const unsigned seed = options.number("seed", 0, "of the random numbers; 0: another one each time", 0);
  options.complete();

  std::mt19937 seeds(seed != 0 ? seed : std::random_device()());
  std::array<unsigned, 2> wins{};
  say("{:>4} {:>9} {:>9}  winner", "race", kNames[0], kNames[1]);
  for (unsigned number = 1; number <= runs; ++number) {
    Race race;
    {
      const std::jthread hare(run_race, std::ref(race), 0U, goal, pause, static_cast<unsigned>(seeds()));
      const std::jthread tortoise(run_race, std::ref(race), 1U, goal, pause, static_cast<unsigned>(seeds()));
    }  // both have ended
    const std::size_t winner = race.winner;
    ++wins[winner];
    say("{:>4} {:>9} {:>9}  {}", number, race.sums[0], race.sums[1], kNames[winner]);
  }
  say("{:>4} {:>9} {:>9}", "wins", wins[0], wins[1]);
  return 0;
}

}  // namespace rookery::labs
