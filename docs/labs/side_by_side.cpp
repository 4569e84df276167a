#include "docs/labs/side_by_side.h"

#include <sched.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "ipc/os/clock.h"

namespace rookery::labs {

void take_core(std::size_t me) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  std::size_t core = 0;
  for (std::size_t before = 0; !CPU_ISSET(core, &allowed) || before++ < me;) ++core;
  cpu_set_t mine;
  CPU_ZERO(&mine);
  CPU_SET(core, &mine);
  (void)::sched_setaffinity(0, sizeof mine, &mine);  // without it the figures say less, and are as true
}

void meet(std::uint64_t round, shm::SharedArray<std::uint64_t>::Writer& mine,
          const shm::SharedArray<std::uint64_t>::Reader& others) {
  mine.store(0, round);
  const auto deadline = os::Monotonic::now() + std::chrono::minutes(1);
  for (unsigned turn = 1; others.load(0) < round; ++turn) {
    if (turn % 1'000'000 != 0) continue;
    if (os::Monotonic::now() > deadline) throw std::runtime_error("the other process does not come");
    std::this_thread::yield();  // it may need this core
  }
}

}  // namespace rookery::labs
