#include "docs/labs/pool_of_processes.h"

#include <poll.h>

#include <cerrno>
#include <numeric>
#include <utility>

#include "docs/labs/children.h"
#include "ipc/os/errors.h"
#include "ipc/os/pipe.h"

namespace rookery::labs {

namespace {

// A task on its way: one byte with the number of the attempt, then the task.
int serve(int pipe, const ProcessPool::Work& work) {
  while (const std::optional<std::string> task = hear(pipe))
    if (!tell(pipe, work(task->substr(1), static_cast<unsigned char>(task->front())))) break;
  return 0;
}

}  // namespace

struct ProcessPool::Run {
  explicit Run(const std::vector<std::string>& given)
      : tasks(given), results(given.size()), attempts(given.size()), waiting(given.size()), open(given.size()) {
    std::iota(waiting.begin(), waiting.end(), std::size_t{0});
  }

  const std::vector<std::string>& tasks;
  std::vector<std::optional<std::string>> results;
  std::vector<unsigned> attempts;
  std::deque<std::size_t> waiting;  // tasks that no worker has
  std::size_t open;                 // tasks neither done nor given up
};

ProcessPool::ProcessPool(unsigned processes, Work work) : work_(std::move(work)) {
  for (unsigned i = 0; i < processes; ++i) workers_.push_back(start_worker());
}

ProcessPool::~ProcessPool() {
  for (Worker& worker : workers_) worker.pipe.reset();
  for (Worker& worker : workers_) static_cast<void>(wait_for_end(worker.process));
}

ProcessPool::Worker ProcessPool::start_worker() const {
  os::DuplexPipe pipe = os::make_duplex_pipe();
  os::Process process = start_child([this, &pipe] {
    os::close_all_but({pipe.theirs.get()});
    return serve(pipe.theirs.get(), work_);
  });
  return {std::move(process), std::move(pipe.ours), std::nullopt};
}

std::vector<std::optional<std::string>> ProcessPool::map(const std::vector<std::string>& tasks) {
  Run run(tasks);
  while (run.open > 0) {
    for (Worker& worker : workers_)
      while (!worker.task && !run.waiting.empty()) give(worker, run);

    std::vector<pollfd> pipes;
    for (const Worker& worker : workers_) pipes.push_back({worker.pipe.get(), POLLIN, 0});
    if (::poll(pipes.data(), pipes.size(), -1) < 0 && errno != EINTR) os::throw_errno("cannot wait for workers");
    for (std::size_t i = 0; i < pipes.size(); ++i)
      if (pipes[i].revents != 0) listen(workers_[i], run);
  }
  return std::move(run.results);
}

void ProcessPool::give(Worker& worker, Run& run) {
  const std::size_t task = run.waiting.front();
  const auto attempt = static_cast<char>(run.attempts[task] + 1);
  if (!tell(worker.pipe.get(), attempt + run.tasks[task])) return replace(worker, run);  // the task has not begun
  run.waiting.pop_front();
  ++run.attempts[task];
  worker.task = task;
}

void ProcessPool::listen(Worker& worker, Run& run) {
  std::optional<std::string> result = hear(worker.pipe.get());
  if (!result) return replace(worker, run);
  run.results[*std::exchange(worker.task, std::nullopt)] = std::move(result);
  --run.open;
}

void ProcessPool::replace(Worker& worker, Run& run) {
  std::string words = "pid " + std::to_string(worker.process.pid()) + ": ";
  words += wait_for_end(worker.process).describe();
  if (const std::optional<std::size_t> task = worker.task) {
    words += ", while it had task " + std::to_string(*task + 1);
    if (run.attempts[*task] < kMostAttempts) {
      run.waiting.push_front(*task);  // nobody shall wait longer because of a death than he must
    } else {
      --run.open;
    }
  }
  deaths_.push_back(std::move(words));
  worker = start_worker();
}

}  // namespace rookery::labs
