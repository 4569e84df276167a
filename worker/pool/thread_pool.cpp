#include "worker/pool/thread_pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include "ipc/os/crash_dump.h"
#include "ipc/os/error_output.h"
#include "ipc/os/thread.h"

namespace rookery::worker {
namespace {

// The pool whose thread this is; nullptr on every other thread.
thread_local const ThreadPool* pool_of_this_thread = nullptr;

[[noreturn]] void broken_invariant(int line, const char* what, const char* detail) {
  char text[512];
  const int bytes = std::snprintf(text, sizeof text, "%s:%d: %s%s\n", __FILE__, line, what, detail);
  if (bytes > 0) os::last_words({text, std::min(static_cast<std::size_t>(bytes), sizeof text - 1)});
  std::abort();
}

// Threads inherit the mask of their creator; so this is in force while they are created.
class SignalsBlocked final {
 public:
  SignalsBlocked() {
    sigset_t blocked;
    ::sigfillset(&blocked);
    // Raised by a fault of the thread itself. Were they blocked, the kernel would kill without asking the handler.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) ::sigdelset(&blocked, fault);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

std::string thread_name(const std::string& prefix, std::size_t index) {
  const std::string suffix = "-" + std::to_string(index);
  return prefix.substr(0, os::kMaxThreadNameBytes - suffix.size()) + suffix;
}

void run(Job& job) {
  try {
    job();
  } catch (const std::exception& error) {
    broken_invariant(__LINE__, "an exception escaped a posted job: ", error.what());
  } catch (...) {
    broken_invariant(__LINE__, "an exception escaped a posted job: ", "of a type unknown");
  }
}

}  // namespace

ThreadPool::ThreadPool(std::size_t threads, std::size_t queue_capacity, ThreadPoolOptions options)
    : queue_(queue_capacity) {
  if (threads == 0) throw std::invalid_argument("a thread pool needs at least 1 thread");
  const SignalsBlocked signals_blocked;
  threads_.reserve(threads);
  try {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this, options, i] { run_jobs(options, i); });
    }
  } catch (...) {
    queue_.close();  // lets the threads that did start end, so that they can be joined
    throw;
  }
}

ThreadPool::~ThreadPool() {
  queue_.close();
}  // std::jthread joins

void ThreadPool::push(Job job) {
  if (pool_of_this_thread == this) {
    broken_invariant(__LINE__, "a job must not wait for its own pool: ", "use try_submit, try_post or when_all");
  }
  // Refused only when the destructor has begun: the job goes, and its future says broken_promise.
  static_cast<void>(queue_.push(std::move(job)));
}

void ThreadPool::run_jobs(const ThreadPoolOptions& options, std::size_t index) {
  pool_of_this_thread = this;
  const os::CrashStack stack;
  os::name_this_thread(thread_name(options.name, index));
  // Not worth dying for: without it the pool is as important as the rest of the process.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, options.nice));  // on Linux 0 is the calling thread alone
  if (options.at_start) options.at_start();
  while (std::optional<Job> job = queue_.pop()) run(*job);
}

}  // namespace rookery::worker
