// ipc/shm/doorbell.h
//
// Wakes a reader that sleeps, and costs the writers a load when it does not. The bell is a pipe; beside it lies a word
// in the reader's own region that says whether the reader sleeps.
//
// The reader, when it has nothing left to do:
//     bell.announce_sleep();                       // "I sleep" ...
//     if (nothing has come meanwhile) poll(..., bell.descriptor(), never without a finite time-out);
//     bell.awake();                                // and, if it was rung, drain()
// The writer, after it has published:
//     ringer.ring_if_asleep();
//
// The mistake everybody makes is to look for work, find none and then announce sleep: what is published in between
// wakes nobody. Announce first, look again, then sleep.
//
// Who may write   The reader writes the word, its region is its own. Any process that holds the pipe's write end rings.
// Memory order    sleep: the reader's announcement and the writer's publication are each a store followed by a load of
//                 the other's word. Both stores and both loads must be sequentially consistent: with release and
//                 acquire each side may miss the other's store and the wake-up is lost (seen in measurements).
// When a process dies
//   the reader    between announcing and sleeping leaves "asleep" behind; rings fill the pipe (which never blocks)
//   until
//                 its successor says otherwise.
//   a writer      between publishing and ringing loses the ring: hence the finite time-out, and the master rings
//                 everybody after any death.
#pragma once

#include <atomic>
#include <cstdint>

namespace rookery::shm {

// Odd while the reader sleeps; grows by one with each change, so a ringer can tell one sleep from the next.
using SleepWord = std::atomic<std::uint64_t>;

class DoorbellReader final {
 public:
  DoorbellReader(SleepWord& word, int read_end) noexcept;

  void announce_sleep() noexcept;
  void awake() noexcept;
  void drain() noexcept;  // takes the rings out of the pipe; call it when the poller found it readable
  [[nodiscard]] int descriptor() const noexcept { return read_end_; }

 private:
  SleepWord& word_;
  int read_end_;
  std::uint64_t state_;
};

class DoorbellRinger final {
 public:
  DoorbellRinger(const SleepWord& word, int write_end) noexcept : word_(&word), write_end_(write_end) {}

  // Rings at most once for each sleep. For use by one thread.
  void ring_if_asleep() noexcept;
  // For who rings for some of what it publishes only: what the reader has written before it announced this sleep is
  // there to be seen. One that is awake looks again before it sleeps.
  [[nodiscard]] bool is_asleep() const noexcept { return word_->load(std::memory_order_seq_cst) % 2 != 0; }  // sleep
  // Rings whatever the word says. For any thread.
  void ring() const noexcept;

 private:
  const SleepWord* word_;
  int write_end_;
  std::uint64_t rung_for_ = 0;
};

}  // namespace rookery::shm
