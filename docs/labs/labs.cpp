#include "docs/labs/lab.h"

#include <algorithm>
#include <array>

namespace rookery::labs {

namespace {

constexpr std::array kLabs{
    Lab{"first-thread", "a thread with a name; joined, joined by itself, and left alone", first_thread},
    Lab{"two-threads", "numbers and letters, each at its own pace", two_threads},
    Lab{"racing-threads", "two threads add random numbers until a goal; who wins, over many runs", racing_threads},
    Lab{"lost-update", "two threads add 1 to 0 and get 1", lost_update},
    Lab{"lock", "the same behind a mutex: 2", lock},
    Lab{"deadlock", "one mutex locked twice, two in two orders, one released that nobody holds", deadlock},
    Lab{"semaphore", "ten guests, three seats", semaphore},
    Lab{"timer", "a call after a delay; cancelled in time, cancelled too late", timer},
    Lab{"barrier", "workers get ready at their own pace and begin together", barrier},
    Lab{"event", "one thread tells the others", event},
    Lab{"producer-consumer", "a fast producer, a slow consumer, and a queue with a bound or without",
        producer_consumer},
    Lab{"thread-pool", "futures, results in order, exceptions, and a block that waits", thread_pool},
    Lab{"processes", "fork, exit codes, pidfd; what is shared and what is not", processes},
    Lab{"pipe", "duplex talk between two processes; end of file as news of a death", pipe},
    Lab{"queue", "many producers' processes, one consumer: the outbox of the server", queue},
    Lab{"shared-array", "two processes fill shared memory with squares, cubes and sums; a third one reads",
        shared_array},
    Lab{"process-pool", "work for a pool of processes, results in order; a worker dies, its task runs again",
        process_pool},
    Lab{"dead-lock-holder", "kill -9 to the holder of a lock in shared memory, and a way without locks",
        dead_lock_holder},
    Lab{"echo-servers", "four servers under the same load, with the figures side by side", echo_servers},
    Lab{"false-sharing", "two processes' counters in one cache line, and in two", false_sharing},
};

}  // namespace

std::span<const Lab> all_labs() noexcept {
  return kLabs;
}

const Lab* find_lab(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(kLabs.begin(), kLabs.end(), [name](const Lab& lab) { return lab.name == name; });
  return found == kLabs.end() ? nullptr : found;
}

}  // namespace rookery::labs
