#include "tests/system/harness/patience.h"

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace rookery::system_test {

void eventually(std::string_view what, const std::function<bool()>& condition, std::chrono::milliseconds within) {
  constexpr std::chrono::milliseconds kLookAgain{5};
  const auto deadline = Clock::now() + within;
  while (!condition()) {
    if (Clock::now() >= deadline) throw TimedOut("this did not come true in time: " + std::string(what));
    std::this_thread::sleep_for(kLookAgain);
  }
}

void in_threads(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::mutex mutex;
  std::exception_ptr first;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace rookery::system_test
