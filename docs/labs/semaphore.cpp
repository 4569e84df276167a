// docs/labs/semaphore.cpp
//
// Ten guests, three seats: the others wait. Its page: semaphore.md.
#include <algorithm>
#include <chrono>
#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

// Keeps the count, for us to see; the semaphore needs none of it.
class Table final {
 public:
  void sit_down(unsigned guest) {
    const std::scoped_lock lock(mutex_);
    most_ = std::max(most_, ++seated_);
    say("guest {:>2} sits down, seated: {}", guest, seated_);
  }
  void get_up(unsigned guest) {
    const std::scoped_lock lock(mutex_);
    --seated_;
    say("guest {:>2} gets up,   seated: {}", guest, seated_);
  }
  [[nodiscard]] unsigned most() const { return most_; }

 private:
  std::mutex mutex_;  // guards both counts, and the order of the lines
  unsigned seated_ = 0;
  unsigned most_ = 0;
};

}  // namespace

int semaphore(Options& options) {
  const unsigned guests = options.number("guests", 10, "how many come", 1, 1000);
  const unsigned seats = options.number("seats", 3, "how many at a time", 1, 1000);
  const milliseconds meal = options.milliseconds("meal", 100, "how long each stays");
  options.complete();

  std::counting_semaphore free_seats(seats);
  Table table;
  {
    std::vector<std::jthread> threads;
    for (unsigned guest = 1; guest <= guests; ++guest) {
      threads.emplace_back([&, guest] {
        free_seats.acquire();
        table.sit_down(guest);
        std::this_thread::sleep_for(meal);
        table.get_up(guest);
        free_seats.release();
      });
    }
  }
  say("all {} have eaten, never more than {} at a time", guests, table.most());
  return 0;
}

}  // namespace rookery::labs
