#include "docs/labs/killed_counter.h"

#include <csignal>
#include <random>
#include <stdexcept>
#include <thread>

#include "docs/labs/children.h"
#include "ipc/os/clock.h"
#include "ipc/os/process.h"

namespace rookery::labs {

using std::chrono::microseconds;

namespace {

constexpr std::uint64_t kMessageBytes = 100;

}  // namespace

bool Tally::agrees() const noexcept {
  return bytes == messages * kMessageBytes;
}

void count_message(Tally& tally, microseconds step, Diary::Writer& diary) {
  diary.store(kInside, 1);
  work_for(step);
  tally.messages += 1;
  work_for(step);
  tally.bytes += kMessageBytes;
  diary.store(kInside, 0);
  diary.add(kDone, 1);
}

void work_for(microseconds time) {
  const auto end = os::Monotonic::now() + time;
  while (os::Monotonic::now() < end) {
  }
}

bool kill_at_random(microseconds step, const std::function<void(Diary::Writer&)>& body) {
  static std::minstd_rand random{std::random_device{}()};
  const Diary diary("diary", kDiaryWords);
  const auto seen = diary.reader();
  os::Process child = start_child([&] {
    auto mine = diary.writer();  // here and not before the fork: the parent has none
    body(mine);
    return 0;
  });
  while (seen.load(kDone) == 0) {
    if (child.try_wait()) throw std::runtime_error("the child has ended by itself");
    std::this_thread::sleep_for(step);
  }
  std::this_thread::sleep_for(step * (random() % 100) / 10);
  child.signal(SIGKILL);
  static_cast<void>(wait_for_end(child));
  return seen.load(kInside) == 1;
}

}  // namespace rookery::labs
