// docs/labs/queue.cpp
//
// Several processes put records into queues in shared memory, one takes them out: the outboxes of the server. Each
// region has one writer, and there is no lock. Its page: queue.md; what lies in the regions: outboxes.h.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "docs/labs/children.h"
#include "docs/labs/lab.h"
#include "docs/labs/outboxes.h"
#include "docs/labs/region.h"
#include "docs/labs/say.h"
#include "ipc/os/pipe.h"
#include "ipc/os/process.h"
#include "ipc/shm/doorbell.h"
#include "ipc/shm/record_queue.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestSleep{50};  // a producer that ends, or dies before it rings, rings nobody

int produce(Outbox& outbox, const Desk& desk, unsigned number, int bell, unsigned records, unsigned dies_after) {
  shm::RecordQueueProducer queue(outbox.tail, outbox.words.data(), kCapacityWords, desk.taken[number]);
  shm::DoorbellRinger ringer(desk.sleeping, bell);
  for (std::uint64_t record = 1; record <= records; ++record) {
    while (queue.append(std::as_bytes(std::span(&record, 1))) == 0) {
      ++outbox.found_full;
      std::this_thread::sleep_for(milliseconds(1));
    }
    if (record == dies_after) ::raise(SIGKILL);  // appended, and nobody told
    ringer.ring_if_asleep();
  }
  return 0;
}

struct Producer {
  Region<Outbox> region{"lab-outbox"};
  os::Process process;
  std::optional<shm::RecordQueueConsumer> queue;  // our side of it
  std::uint64_t records = 0;
  bool in_order = true;
};

// Takes everything that lies there, and gives back all the room with one store. True: that was the last of it.
bool take(Producer& one, unsigned number) {
  const std::optional<os::ExitStatus> end = one.process.try_wait();  // first: what it has left is still to be taken
  std::vector<std::byte> payload;
  while (one.queue->peek(payload) == shm::TakeResult::Record) {
    std::uint64_t record = 0;
    std::memcpy(&record, payload.data(), sizeof record);
    if (record != ++one.records) one.in_order = false;
  }
  one.queue->release();
  if (end)
    say("producer {}: {} records {}; found its outbox full {} times; {}", number, one.records,
        one.in_order ? "in order" : "OUT OF ORDER", one.region.to_read().found_full.load(), end->describe());
  return end.has_value();
}

// Until somebody rings. What is appended after the announcement rings; what was appended before it we see.
void sleep_while_empty(shm::DoorbellReader& door, const std::vector<Producer>& producers) {
  door.announce_sleep();
  if (std::none_of(producers.begin(), producers.end(), [](auto& one) { return one.queue->has_more(); }))
    static_cast<void>(readable_within(door.descriptor(), kLongestSleep));
  door.awake();
  door.drain();
}

}  // namespace

int queue(Options& options) {
  const unsigned count = options.number("producers", 4, "processes that produce", 1, kMostProducers);
  const unsigned records = options.number("records", 10'000, "of each producer");
  const auto pause = options.milliseconds("pause", 0, "the consumer's, each time it has taken everything");
  const unsigned dies_after = options.number("dies-after", 0, "the last producer is killed after so many records", 0);
  options.complete();

  const os::Pipe bell = os::make_pipe();
  Region<Desk> desk_region("lab-desk");
  std::vector<Producer> producers(count);
  for (unsigned i = 0; i < count; ++i) {
    producers[i].process = start_child([&] {
      const unsigned fatal = i + 1 == count ? dies_after : 0;
      return produce(producers[i].region.to_write(), desk_region.to_read(), i, bell.write_end.get(), records, fatal);
    });
  }

  // Mapped after the forks only, or the children would have it too, and writable.
  Desk& desk = desk_region.to_write();
  shm::DoorbellReader door(desk.sleeping, bell.read_end.get());
  for (unsigned i = 0; i < count; ++i) {
    const Outbox& outbox = producers[i].region.to_read();
    producers[i].queue.emplace(outbox.tail, outbox.words.data(), kCapacityWords, desk.taken[i]);
  }
  for (unsigned running = count; running > 0; std::this_thread::sleep_for(pause)) {
    sleep_while_empty(door, producers);
    for (unsigned i = 0; i < count; ++i)
      if (take(producers[i], i + 1)) --running;
  }
  return 0;
}

}  // namespace rookery::labs
