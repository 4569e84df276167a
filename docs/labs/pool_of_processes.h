// docs/labs/pool_of_processes.h
//
// A fixed number of processes that carry out tasks. A task and its result are texts; results come in the order of the
// tasks, whoever is ready first.
//
//     ProcessPool pool(4, [](const std::string& task, unsigned) { return solve(task); });
//     const std::vector<std::optional<std::string>> results = pool.map(tasks);
//
// When a worker dies  its pipe reads end of file: another process takes its place, and its task is run again. A task
//                     that has ended kMostAttempts workers is given up; its result is empty. Without that bound one
//                     bad task would keep the pool busy for ever.
// So a task may run   more than once: partly, before a death, and again. It must not mind.
// Fork                The pool forks when it is made and after each death: REQUIRES a process of a single thread.
// The end             The destructor closes the pipes; the workers hear that, and end; it reaps them.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ipc/os/file_descriptor.h"
#include "ipc/os/process.h"

namespace rookery::labs {

class ProcessPool final {
 public:
  // Runs in a worker. `attempt` is 1, or more after a death. An exception that leaves it ends the worker.
  // REQUIRES: the result is not empty, and no longer than kMostTextBytes (docs/labs/children.h).
  using Work = std::function<std::string(const std::string& task, unsigned attempt)>;

  static constexpr unsigned kMostAttempts = 3;

  // Throws std::system_error.
  ProcessPool(unsigned processes, Work work);
  ~ProcessPool();
  ProcessPool(const ProcessPool&) = delete;
  ProcessPool& operator=(const ProcessPool&) = delete;

  // REQUIRES: each task is shorter than kMostTextBytes.
  [[nodiscard]] std::vector<std::optional<std::string>> map(const std::vector<std::string>& tasks);

  // What became of workers that died, in words: "pid 4711: signal 9 (Killed), while it had task 3".
  [[nodiscard]] const std::vector<std::string>& deaths() const noexcept { return deaths_; }

 private:
  struct Worker {
    os::Process process;
    os::FileDescriptor pipe;          // our end
    std::optional<std::size_t> task;  // what it is at
  };
  struct Run;  // one map()

  [[nodiscard]] Worker start_worker() const;
  void give(Worker& worker, Run& run);
  void listen(Worker& worker, Run& run);
  void replace(Worker& worker, Run& run);

  Work work_;
  std::vector<Worker> workers_;
  std::vector<std::string> deaths_;
};

}  // namespace rookery::labs
