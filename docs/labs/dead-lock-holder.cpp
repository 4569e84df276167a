// docs/labs/dead-lock-holder.cpp
//
// kill -9 to a process that holds a lock in shared memory: an ordinary mutex, a robust one, and memory with one writer
// that needs none. Its page: dead-lock-holder.md; what is killed: killed_counter.h.
#include <chrono>
#include <csignal>
#include <new>
#include <stdexcept>

#include "docs/labs/children.h"
#include "docs/labs/killed_counter.h"
#include "docs/labs/lab.h"
#include "docs/labs/process_mutex.h"
#include "docs/labs/region.h"
#include "docs/labs/say.h"
#include "ipc/os/process.h"
#include "ipc/shm/shared_value.h"

namespace rookery::labs {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kLong{30};  // nobody waits so long for a robust mutex

// What lies in memory into which all processes write.
struct LockedTally {
  ProcessMutex mutex;
  Tally tally;
};

// How often, over all the processes killed.
struct Found {
  unsigned inside = 0;      // in the middle of a change
  unsigned locks_left = 0;  // the dead process had the lock
  unsigned torn = 0;        // the numbers do not agree
};

void ordinary_mutex(LockedTally& shared, milliseconds patience) {
  os::Process holder = start_child([&] {
    if (shared.mutex.lock(patience) != LockResult::Locked) return 1;
    say("child: has the lock");
    return std::raise(SIGKILL);
  });
  say("main: the child ended with {}", wait_for_end(holder).describe());
  const bool locked = shared.mutex.lock(patience) == LockResult::TimedOut;
  say("main: {} after {} ms", locked ? "still locked" : "has the lock", patience.count());
}

Found robust_mutex(LockedTally& shared, unsigned rounds, microseconds step) {
  Found found;
  for (unsigned round = 0; round < rounds; ++round) {
    const bool inside = kill_at_random(step, [&](Diary::Writer& diary) {
      for (;; work_for(step)) {
        if (shared.mutex.lock(kLong) != LockResult::Locked) throw std::runtime_error("the lock is not to be had");
        count_message(shared.tally, step, diary);
        shared.mutex.unlock();
      }
    });
    const LockResult result = shared.mutex.lock(kLong);
    if (result == LockResult::TimedOut) throw std::runtime_error("the robust mutex stays locked");
    if (inside) ++found.inside;
    if (result == LockResult::OwnerDied) ++found.locks_left;
    if (!shared.tally.agrees()) ++found.torn;
    shared.tally = Tally{};  // what was counted is lost: nobody can tell which of the two is right
    if (result == LockResult::OwnerDied) shared.mutex.mended();
    shared.mutex.unlock();
  }
  return found;
}

Found single_writer(unsigned rounds, microseconds step) {
  Found found;
  const shm::SharedValue<Tally> shared("tally");
  const auto seen = shared.reader();
  for (unsigned round = 0; round < rounds; ++round) {
    const bool inside = kill_at_random(step, [&](Diary::Writer& diary) {
      auto tally = shared.writer();  // the one writer is this process now; it goes on with what the last one left
      for (;; work_for(step)) {
        Tally next = tally.load();
        count_message(next, step, diary);
        tally.store(next);
      }
    });
    if (inside) ++found.inside;
    if (!seen.load().value().agrees()) ++found.torn;
  }
  return found;
}

void say_row(const char* way, const Found& found) {
  say("  {:<16}{:>15}{:>18}{:>20}", way, found.inside, found.locks_left, found.torn);
}

}  // namespace

int dead_lock_holder(Options& options) {
  const unsigned rounds = options.number("rounds", 200, "how many processes are killed in each way", 1, 10'000);
  const microseconds step(options.number("step", 20, "each step of a change, in microseconds", 1, 100'000));
  const milliseconds patience = options.milliseconds("patience", 1'000, "how long to wait for the ordinary mutex");
  options.complete();

  Region<LockedTally> ordinary_memory("ordinary-mutex");
  Region<LockedTally> robust_memory("robust-mutex");
  auto* const ordinary = new (&ordinary_memory.to_write()) LockedTally{ProcessMutex(Robust::No), {}};
  auto* const robust = new (&robust_memory.to_write()) LockedTally{ProcessMutex(Robust::Yes), {}};

  say("1. an ordinary mutex");
  ordinary_mutex(*ordinary, patience);
  say("2. {} processes killed at random while they change two numbers that must agree", rounds);
  say("  {:<16}{:>15}{:>18}{:>20}", "", "in mid-change", "lock to recover", "numbers disagree");
  say_row("robust mutex", robust_mutex(*robust, rounds, step));
  say_row("single writer", single_writer(rounds, step));
  return 0;
}

}  // namespace rookery::labs
