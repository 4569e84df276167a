// Model: a lock, which goes to the loop before anybody else who waits for it.
#include "worker/loop/turn_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace rookery::worker {
namespace {

// The kernel says that the thread sleeps: there is nothing but the lock to sleep for.
void wait_until_asleep(const std::atomic<pid_t>& thread) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    if (const pid_t id = thread.load(); id != 0) {
      std::ifstream stat("/proc/self/task/" + std::to_string(id) + "/stat");
      std::string line;
      std::getline(stat, line);
      const std::size_t name_ends = line.rfind(')');
      if (name_ends != std::string::npos && line.at(name_ends + 2) == 'S') return;
    }
    std::this_thread::yield();
  }
  FAIL() << "the thread does not wait for the lock";
}

TEST(TurnLock, GoesToTheLoopBeforeThoseWhoHaveWaitedLonger) {
  for (int round = 0; round < 50; ++round) {
    TurnLock lock;
    std::vector<char> order;  // under the lock
    std::atomic<pid_t> client_id = 0;
    std::atomic<pid_t> loop_id = 0;
    lock.lock();
    std::thread client([&] {
      client_id = ::gettid();
      const std::lock_guard turn(lock);
      order.push_back('c');
    });
    wait_until_asleep(client_id);
    std::thread loop([&] {
      loop_id = ::gettid();
      const LoopTurn turn(&lock);
      order.push_back('l');
    });
    wait_until_asleep(loop_id);
    lock.unlock();
    client.join();
    loop.join();
    EXPECT_EQ(order, (std::vector<char>{'l', 'c'}));
  }
}

TEST(TurnLock, IsHeldByOneAtATimeAndNobodyIsForgotten) {
  constexpr int kThreads = 6;
  constexpr int kTurns = 3000;
  TurnLock lock;
  std::int64_t turns = 0;  // under the lock
  std::vector<std::thread> clients;
  for (int i = 0; i < kThreads; ++i)
    clients.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) {
        const std::lock_guard held(lock);
        ++turns;
      }
    });
  for (int turn = 0; turn < kTurns; ++turn) {
    LoopTurn own(&lock);
    ++turns;
    own.give();
    own.take();
    ++turns;
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(turns, kTurns * (kThreads + 2));
}

TEST(TurnLock, LoopWithNobodyToShareWithNeedsNone) {
  LoopTurn turn(nullptr);
  turn.give();
  turn.take();
}

}  // namespace
}  // namespace rookery::worker
