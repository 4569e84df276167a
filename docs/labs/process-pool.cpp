// docs/labs/process-pool.cpp
//
// Primes counted by a pool of processes: results in order, and a worker that dies in the middle of its task. Its page:
// process-pool.md; the pool itself: pool_of_processes.h.
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "docs/labs/lab.h"
#include "docs/labs/pool_of_processes.h"
#include "docs/labs/say.h"
#include "ipc/os/clock.h"

namespace rookery::labs {

namespace {

bool is_prime(unsigned number) {
  if (number < 2) return false;
  for (unsigned divisor = 2; divisor <= number / divisor; ++divisor)
    if (number % divisor == 0) return false;
  return true;
}

unsigned count_primes(unsigned from, unsigned to) {
  unsigned count = 0;
  for (unsigned number = from; number < to; ++number)
    if (is_prime(number)) ++count;
  return count;
}

struct Deadly {
  unsigned task;  // 0: none
  bool always;
};

// Task number `task`: the primes of the next `step` numbers. The deadly one kills who works on it, half way through.
std::string solve(unsigned task, unsigned step, unsigned attempt, Deadly deadly) {
  const unsigned from = (task - 1) * step;
  const unsigned half = count_primes(from, from + step / 2);
  if (task == deadly.task && (attempt == 1 || deadly.always)) ::raise(SIGKILL);
  return std::to_string(half + count_primes(from + step / 2, from + step));
}

struct PoolAnswers {
  std::vector<std::optional<std::string>> primes;
  std::vector<std::string> deaths;
  double ms;
};

PoolAnswers ask(unsigned processes, const std::vector<std::string>& tasks, const ProcessPool::Work& work) {
  ProcessPool pool(processes, work);
  const auto start = os::Monotonic::now();
  auto primes = pool.map(tasks);
  const std::chrono::duration<double, std::milli> time = os::Monotonic::now() - start;
  return {std::move(primes), pool.deaths(), time.count()};
}

}  // namespace

int process_pool(Options& options) {
  const unsigned processes = options.number("processes", 2, "of the pool", 1, 64);
  const unsigned count = options.number("tasks", 8, "how many", 1, 1000);
  const unsigned step = options.number("step", 250'000, "numbers in each task");
  const unsigned deadly = options.number("deadly", 5, "the task whose worker dies, 0 for none", 0);
  const bool always = options.flag("always", "it dies at each attempt, not at the first only");
  options.complete();

  std::vector<std::string> tasks;
  for (unsigned task = 1; task <= count; ++task) tasks.push_back(std::to_string(task));
  const auto work_with = [step](Deadly one) {
    return [=](const std::string& task, unsigned attempt) {
      return solve(static_cast<unsigned>(std::stoul(task)), step, attempt, one);
    };
  };

  const PoolAnswers alone = ask(1, tasks, work_with({}));
  const PoolAnswers pooled = ask(processes, tasks, work_with({}));
  say("one process: {:.0f} ms, {} processes: {:.0f} ms, the same results: {}", alone.ms, processes, pooled.ms,
      alone.primes == pooled.primes ? "yes" : "no");

  const PoolAnswers with_death = ask(processes, tasks, work_with({deadly, always}));
  for (const std::string& death : with_death.deaths) say("died: {}", death);
  for (std::size_t i = 0; i < tasks.size(); ++i)
    say("task {}: {} primes", tasks[i], with_death.primes[i].value_or("given up, no"));
  say("the same results: {}", with_death.primes == alone.primes ? "yes" : "no");
  return 0;
}

}  // namespace rookery::labs
