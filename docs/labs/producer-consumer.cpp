// docs/labs/producer-consumer.cpp
//
// A fast producer, a slow consumer, and between them a queue: with a bound, and without. Its page:
// producer-consumer.md.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <thread>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"
#include "ipc/os/clock.h"
#include "worker/pool/bounded_queue.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;
using Queue = worker::BoundedQueue<unsigned>;

void produce(Queue& queue, unsigned items) {
  const std::int64_t start_ms = os::monotonic_ms();
  std::size_t most_waiting = 0;
  unsigned full = 0;
  for (unsigned item = 1; item <= items; ++item) {
    if (!queue.try_push(unsigned{item})) {  // without room: counts it, and waits for some
      ++full;
      if (!queue.push(item)) return;  // closed: nobody closes it but us
    }
    most_waiting = std::max(most_waiting, queue.size());
  }
  say("  producer: done after {} ms; most items waiting: {}, times it had to wait: {}", os::monotonic_ms() - start_ms,
      most_waiting, full);
  queue.close();  // nothing more comes in; what is inside is still handed out
}

void consume(Queue& queue, milliseconds pause) {
  unsigned taken = 0;
  bool in_order = true;
  while (const std::optional<unsigned> item = queue.pop()) {
    in_order = in_order && *item == ++taken;
    std::this_thread::sleep_for(pause);
  }
  say("  consumer: {} items, in order: {}", taken, in_order);
}

void run(std::size_t capacity, unsigned items, milliseconds pause) {
  Queue queue(capacity);
  const std::jthread producer(produce, std::ref(queue), items);
  const std::jthread consumer(consume, std::ref(queue), pause);
}

}  // namespace

int producer_consumer(Options& options) {
  const unsigned items = options.number("items", 100, "how many are produced");
  const unsigned capacity = options.number("capacity", 3, "of the bounded queue");
  const milliseconds pause = options.milliseconds("pause", 2, "which the consumer needs for each item");
  options.complete();

  say("a queue with room for {}", capacity);
  run(capacity, items, pause);
  say("a queue without a bound");
  run(std::numeric_limits<std::size_t>::max(), items, pause);
  return 0;
}

}  // namespace rookery::labs
