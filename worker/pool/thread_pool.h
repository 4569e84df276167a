// worker/pool/thread_pool.h
//
// A fixed number of threads that take jobs from one bounded queue: the place for what burns CPU (a password hash takes
// 17 ms), so that no event loop has to.
//
//     ThreadPool pool(2, 64);
//     std::future<int> sum = pool.submit(add, 1, 2);               // from a thread that may wait
//     sum.get();                                                   // 3, or the exception that add threw
//     pool.map(texts, count_words);                                // all results, in the order of texts
//
//     // from an event loop, which may not: the job itself sends its result back to the loop
//     if (!pool.try_post([&loop, secret = std::move(secret)] { loop.post(hash_password(secret.view())); })) refuse();
//
// Which to use   submit waits while the queue is full; the try_ family never waits and says no instead. Futures are for
//                threads that may block on them; an event loop posts a job that reports back. For several tasks with
//                one continuation see worker/pool/task_group.h.
// Who may call   Any thread, until the destructor begins. The pool's own jobs may call the try_ family only: a job that
//                waits, for room or for the result of another job, waits for threads that may all be waiting as it
//                does; with one thread it waits for itself. submit and map end the process when called from a job, on
//                the first day, not on the first busy one.
// Errors         What a submitted job throws comes out of its future. A posted job has nobody to tell, so it must not
//                throw: an exception that escapes it ends the process with a message.
// The end        The destructor lets nothing more in, runs everything that is queued to its end, and joins the threads.
//                Jobs that try to post meanwhile are told no. What jobs refer to must therefore outlive the pool:
//                declare the pool after it.
// Signals        Pool threads block every signal but those that a fault of their own raises, so that SIGTERM and its
// like
//                reach the threads that expect them while a crash still reaches its handler.
// After a fork   there are no threads in the child: create the pool there.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "worker/pool/bounded_queue.h"
#include "worker/pool/job.h"

namespace rookery::worker {

struct ThreadPoolOptions {
  // Of the pool's threads alone, as setpriority(2) has it. Two threads hashing passwords (Argon2id) at nice 0 cost a
  // client that sends now and then an echo p99 of up to 3 ms; at nice 10 it is 76 µs at most, at the same hash rate.
  // Where the kernel refuses the value (less than the process has, without the right to it), they keep the process's.
  int nice = 10;
  // Threads are called NAME-0, NAME-1 ... in ps, top and debuggers; Linux has room for 15 bytes, NAME is cut to fit.
  std::string name = "pool";
  // Called by each thread before its first job.
  std::function<void()> at_start = {};
};

// What f(args...) returns when both were copied or moved to another thread, as std::async does it.
template <class F, class... Args>
using JobResult = std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;

class ThreadPool final {
 public:
  // Throws std::invalid_argument if threads or queue_capacity is 0, std::system_error if a thread cannot be had.
  ThreadPool(std::size_t threads, std::size_t queue_capacity, ThreadPoolOptions options = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Runs f(args...) on the pool. Waits while the queue is full. f and args are copied or moved; std::ref refers.
  template <class F, class... Args>
  [[nodiscard]] std::future<JobResult<F, Args...>> submit(F&& f, Args&&... args) {
    std::packaged_task<JobResult<F, Args...>()> task(
        [call = std::forward<F>(f), ... values = std::forward<Args>(args)]() mutable -> JobResult<F, Args...> {
          return std::invoke(std::move(call), std::move(values)...);
        });
    std::future<JobResult<F, Args...>> result = task.get_future();
    push(std::move(task));
    return result;
  }

  // Like submit, but empty when the queue is full; f is gone then if it was moved in.
  template <class F>
  [[nodiscard]] std::optional<std::future<JobResult<F>>> try_submit(F&& f) {
    std::packaged_task<JobResult<F>()> task(std::forward<F>(f));
    std::future<JobResult<F>> result = task.get_future();
    if (!try_post(std::move(task))) return std::nullopt;
    return result;
  }

  // Fire and forget. False: the queue is full, the job will not run, and a Job that was moved in is as it was.
  [[nodiscard]] bool try_post(Job&& job) { return queue_.try_push(std::move(job)); }

  // All of the jobs or (false) none. Never true for more jobs than the queue's capacity.
  [[nodiscard]] bool try_post_all(std::span<Job> jobs) { return queue_.try_push_all(jobs); }

  // f of every element, in the order of the range, which need not fit into the queue. Each job has its own copy of f
  // and of its element. If some throw, the first of them in the range's order is rethrown, once all have ended.
  template <std::ranges::input_range Range, class F>
  [[nodiscard]] auto map(Range&& range, F f) {
    using Element = std::ranges::range_value_t<Range>;
    using Result = JobResult<F, Element>;
    static_assert(!std::is_void_v<Result>, "map gives results; f has none");
    struct Futures : std::vector<std::future<Result>> {
      ~Futures() {
        for (std::future<Result>& future : *this) {
          if (future.valid()) future.wait();  // what f refers to may go when we leave, also when an exception makes us
        }
      }
    } futures;
    for (auto&& element : range) futures.push_back(submit(f, Element(std::forward<decltype(element)>(element))));
    std::vector<Result> results;
    results.reserve(futures.size());
    for (std::future<Result>& future : futures) results.push_back(future.get());
    return results;
  }

  [[nodiscard]] std::size_t threads() const noexcept { return threads_.size(); }

  // Jobs that wait for a thread, those that run not counted; for metrics.
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

 private:
  void push(Job job);
  void run_jobs(const ThreadPoolOptions& options, std::size_t index);

  BoundedQueue<Job> queue_;
  std::vector<std::jthread> threads_;  // behind the queue: they join before it goes
};

}  // namespace rookery::worker
