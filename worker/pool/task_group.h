// worker/pool/task_group.h
//
// Several tasks side by side on a pool, and one continuation that gets all their results.
//
//     const auto text = std::make_shared<const std::string>(line);
//     const bool accepted = when_all(
//         pool, [&loop](std::size_t words, std::size_t vowels) { loop.post(Counted{words, vowels}); },
//         [text] { return count_words(*text); }, [text] { return count_vowels(*text); });
//     if (!accepted) refuse();  // no room for all: nothing runs, not even the continuation
//
// The continuation runs exactly once, on the pool thread whose task happened to end last. So no thread ever waits for
// another. The obvious design, a job that submits the tasks and waits for their futures, holds a thread while it waits:
// as many of them as the pool has threads wait for ever for tasks that nobody is left to run, and in a pool of one
// thread the first of them does.
//
// Order     Whatever a task wrote, the continuation sees (the pairing is at unfinished_).
// Errors    Tasks and continuation are posted jobs: they must not throw (worker/pool/thread_pool.h).
// Lifetime  Tasks, results and continuation live until the continuation has run, and are destroyed on the pool.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "worker/pool/job.h"
#include "worker/pool/thread_pool.h"

namespace rookery::worker {

template <class F>
concept GivesResult = !std::is_void_v<std::invoke_result_t<std::decay_t<F>&>>;

// What the jobs of one when_all share.
template <class Continuation, class... Tasks>
class TaskGroup final {
 public:
  template <class C, class... T>
  explicit TaskGroup(C&& continuation, T&&... tasks)
      : continuation_(std::forward<C>(continuation)), tasks_(std::forward<T>(tasks)...) {}

  // Runs the task of this number. REQUIRES: called once for each number, from whatever threads.
  template <std::size_t kIndex>
  void run() {
    std::get<kIndex>(results_).emplace(std::invoke(std::get<kIndex>(tasks_)));
    // Release: our result is stored before we count as finished. Acquire: who finishes last sees all results.
    if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    std::apply([this](auto&... results) { std::invoke(continuation_, *std::move(results)...); }, results_);
  }

 private:
  Continuation continuation_;
  std::tuple<Tasks...> tasks_;
  std::tuple<std::optional<std::invoke_result_t<Tasks&>>...> results_;  // each written by its own task alone
  std::atomic<std::size_t> unfinished_ = sizeof...(Tasks);
};

// Runs continuation(results of the tasks, in the order of the arguments) when the last task has ended. Never waits.
// False: the queue has no room for all the tasks; never true with more tasks than the queue's capacity.
template <class Continuation, GivesResult... Tasks>
[[nodiscard]] bool when_all(ThreadPool& pool, Continuation&& continuation, Tasks&&... tasks) {
  static_assert(sizeof...(Tasks) > 0, "without tasks nothing would run the continuation");
  using Group = TaskGroup<std::decay_t<Continuation>, std::decay_t<Tasks>...>;
  const auto group = std::make_shared<Group>(std::forward<Continuation>(continuation), std::forward<Tasks>(tasks)...);
  const auto job_for_each = [&group]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array{Job([group] { group->template run<kIndex>(); })...};
  };
  auto jobs = job_for_each(std::index_sequence_for<Tasks...>());
  return pool.try_post_all(jobs);
}

}  // namespace rookery::worker
