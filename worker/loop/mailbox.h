// worker/loop/mailbox.h
//
// How other threads of the worker hand work back to an event loop: they post a job, the loop runs it in its next turn.
// The loop's doorbell wakes it if it sleeps.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "ipc/shm/doorbell.h"
#include "worker/pool/job.h"

namespace rookery::worker {

class Mailbox final {
 public:
  // `bell_write_end` is that of the loop's doorbell pipe.
  Mailbox(const shm::SleepWord& sleeping, int bell_write_end) noexcept : bell_(sleeping, bell_write_end) {}

  // From any thread. Rings in any case: rare enough, and the sleep word's protocol is for one ringing thread.
  void post(Job job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    bell_.ring();
  }

  // In the loop's thread.
  void run_all() {
    std::vector<Job> jobs;
    {
      const std::lock_guard lock(mutex_);
      jobs.swap(jobs_);
    }
    for (Job& job : jobs) job();
  }

 private:
  shm::DoorbellRinger bell_;
  std::mutex mutex_;
  std::vector<Job> jobs_;  // under mutex_
};

}  // namespace rookery::worker
