// docs/labs/dead-lock-holder.cpp
//
// kill -9 to a process that holds a lock in shared memory: an ordinary mutex, a robust one, and memory with one writer
// that needs none. Its page: dead-lock-holder.md.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <new>
#include <random>
#include <stdexcept>
#include <thread>

#include "docs/labs/children.h"
#include "docs/labs/lab.h"
#include "docs/labs/process_mutex.h"
#include "docs/labs/say.h"
#include "ipc/os/process.h"
#include "ipc/shm/shared_array.h"
#include "ipc/shm/shared_value.h"

namespace rookery::labs {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kMessageBytes = 100;
constexpr std::chrono::seconds kLong{30};  // nobody waits so long for a robust mutex

// Two numbers that must agree.
struct Tally {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;

  [[nodiscard]] bool agrees() const { return bytes == messages * kMessageBytes; }
};

void work_for(microseconds time) {
  const auto end = steady_clock::now() + time;
  while (steady_clock::now() < end) {
  }
}

// The change that is made over and over. Between its halves the numbers do not agree.
void count_message(Tally& tally, microseconds step) {
  work_for(step);
  tally.messages += 1;
  work_for(step);
  tally.bytes += kMessageBytes;
}

// What lies in memory into which all processes write.
struct LockedTally {
  explicit LockedTally(Robust robust) : mutex(robust) {}

  ProcessMutex mutex;
  Tally tally;
};

// What a process that will be killed leaves about itself: is it in the middle of a change, how many has it made?
enum : std::uint64_t { kInside, kDone, kDiaryWords };
using Diary = shm::SharedArray<std::uint64_t>;

// Starts a process that makes one change after the other, and kills it at a random instant.
void kill_at_random(const Diary& diary, microseconds step, const std::function<void()>& change) {
  static std::minstd_rand random{std::random_device{}()};
  const auto seen = diary.reader();
  const std::uint64_t done_before = seen.load(kDone);
  os::Process child = start_child([&]() -> int {
    auto mine = diary.writer();
    while (true) {
      change();
      mine.add(kDone, 1);
      work_for(step);
    }
  });
  while (seen.load(kDone) == done_before) {  // it has not made one yet
    if (child.try_wait()) throw std::runtime_error("the child has ended by itself");
    std::this_thread::sleep_for(step);
  }
  std::this_thread::sleep_for(step * (random() % 100) / 10);
  child.signal(SIGKILL);
  static_cast<void>(wait_for_end(child));
}

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
  const Diary diary("diary", kDiaryWords);
  auto mine = diary.writer();
  for (unsigned round = 0; round < rounds; ++round) {
    kill_at_random(diary, step, [&] {
      if (shared.mutex.lock(kLong) != LockResult::Locked) throw std::runtime_error("the lock is not to be had");
      mine.store(kInside, 1);
      count_message(shared.tally, step);
      mine.store(kInside, 0);
      shared.mutex.unlock();
    });
    const LockResult result = shared.mutex.lock(kLong);
    if (result == LockResult::TimedOut) throw std::runtime_error("the robust mutex stays locked");
    if (mine.load(kInside) == 1) ++found.inside;
    if (result == LockResult::OwnerDied) ++found.locks_left;
    if (!shared.tally.agrees()) ++found.torn;
    shared.tally = Tally{};  // what was counted is lost: nobody can tell which of the two is right
    if (result == LockResult::OwnerDied) shared.mutex.mended();
    mine.store(kInside, 0);
    shared.mutex.unlock();
  }
  return found;
}

Found single_writer(unsigned rounds, microseconds step) {
  Found found;
  const Diary diary("diary", kDiaryWords);
  const shm::SharedValue<Tally> shared("tally");
  auto mine = diary.writer();
  auto tally = shared.writer();
  const auto seen = shared.reader();
  for (unsigned round = 0; round < rounds; ++round) {  // each process goes on with what the one before has left
    kill_at_random(diary, step, [&] {
      mine.store(kInside, 1);
      Tally next = tally.load();
      count_message(next, step);
      tally.store(next);
      mine.store(kInside, 0);
    });
    if (mine.load(kInside) == 1) ++found.inside;
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

  const shm::Segment segment("locked-tallies", 2 * sizeof(LockedTally));
  shm::reserve_or_throw(segment, segment.size_bytes());
  const shm::Mapping memory(segment.writer_descriptor(), shm::Access::ReadWrite, segment.size_bytes());
  auto* const ordinary = new (memory.data()) LockedTally(Robust::No);
  auto* const robust = new (memory.data() + sizeof(LockedTally)) LockedTally(Robust::Yes);

  say("1. an ordinary mutex");
  ordinary_mutex(*ordinary, patience);
  say("2. {} processes killed at random while they change two numbers that must agree", rounds);
  say("  {:<16}{:>15}{:>18}{:>20}", "", "in mid-change", "lock to recover", "numbers disagree");
  say_row("robust mutex", robust_mutex(*robust, rounds, step));
  say_row("single writer", single_writer(rounds, step));
  return 0;
}

}  // namespace rookery::labs
