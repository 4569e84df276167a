// docs/labs/lab.h
//
// What a lab is: a small program about one thing, called by its name.
//
//     // docs/labs/first-thread.cpp
//     int first_thread(Options& options) {
//       const unsigned lines = options.number("lines", 3, "how many lines the thread says");
//       options.complete();
//       ...
//       return 0;
//     }
//
// A new lab: the function's declaration below, its row in docs/labs/labs.cpp, its file in docs/labs/CMakeLists.txt, its
// page beside it and in docs/labs/README.md, and a test in tests/labs.
#pragma once

#include <span>
#include <string_view>

#include "docs/labs/options.h"

namespace rookery::labs {

struct Lab {
  std::string_view name;   // what people type; also the name of its files
  std::string_view shows;  // in one line
  int (*run)(Options&);    // reads like main(): returns the exit code, may throw
};

// In teaching order.
[[nodiscard]] std::span<const Lab> all_labs() noexcept;

// nullptr if there is none of this name.
[[nodiscard]] const Lab* find_lab(std::string_view name) noexcept;

int first_thread(Options& options);
int two_threads(Options& options);
int racing_threads(Options& options);
int lost_update(Options& options);
int lock(Options& options);
int deadlock(Options& options);
int semaphore(Options& options);
int timer(Options& options);
int barrier(Options& options);
int event(Options& options);
int producer_consumer(Options& options);
int thread_pool(Options& options);
int processes(Options& options);
int pipe(Options& options);
int queue(Options& options);
int shared_array(Options& options);
int process_pool(Options& options);
int dead_lock_holder(Options& options);
int echo_servers(Options& options);
int false_sharing(Options& options);

}  // namespace rookery::labs
