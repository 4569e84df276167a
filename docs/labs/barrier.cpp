// docs/labs/barrier.cpp
//
// Workers get ready at their own pace and begin together, in every round. Its page: barrier.md.
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"

namespace rookery::labs {

using std::chrono::milliseconds;

int barrier(Options& options) {
  const unsigned workers = options.number("workers", 4, "how many", 1, 1000);
  const unsigned rounds = options.number("rounds", 2, "how often they meet");
  const milliseconds pace = options.milliseconds("pace", 50, "worker 1 needs it to get ready, worker 2 twice that");
  options.complete();

  unsigned round = 1;
  // Run by the last to arrive, while all the others still stand there: so it may touch what belongs to all.
  const auto all_ready = [&round]() noexcept { say("--- all are ready, round {}", round++); };
  std::barrier meeting(static_cast<std::ptrdiff_t>(workers), all_ready);

  std::vector<std::jthread> threads;
  for (unsigned worker = 1; worker <= workers; ++worker) {
    threads.emplace_back([&meeting, worker, rounds, pace] {
      for (unsigned i = 0; i < rounds; ++i) {
        std::this_thread::sleep_for(pace * worker);
        say("worker {} is ready", worker);
        meeting.arrive_and_wait();
        say("worker {} begins", worker);
      }
    });
  }
  threads.clear();  // joins
  return 0;
}

}  // namespace rookery::labs
