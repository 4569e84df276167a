// Event: all who wait are told, also those who come late; a wait that ends without news says so.
#include "worker/pool/event.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace rookery::worker {
namespace {

using namespace std::chrono_literals;

TEST(Event, AllWhoWaitGoOn) {
  Event event;
  int news = 0;
  std::atomic<int> told = 0;
  {
    std::vector<std::jthread> waiters;
    waiters.reserve(4);
    for (int i = 0; i < 4; ++i) {
      waiters.emplace_back([&] {
        event.wait();
        told += news;
      });
    }
    news = 1;  // seen by all: ThreadSanitizer would complain otherwise
    event.set();
  }
  EXPECT_EQ(told, 4);
}

TEST(Event, ItStaysSetForThoseWhoComeLater) {
  Event event;
  event.set();
  event.wait();
  EXPECT_TRUE(event.wait_for(0ms));
  EXPECT_TRUE(event.is_set());
}

TEST(Event, WaitingForNothingEndsWithFalse) {
  const Event event;
  EXPECT_FALSE(event.wait_for(1ms));
  EXPECT_FALSE(event.is_set());
}

TEST(Event, ClearedItLetsNobodyThrough) {
  Event event;
  event.set();
  event.clear();
  EXPECT_FALSE(event.is_set());
  EXPECT_FALSE(event.wait_for(1ms));
}

TEST(Event, AWaiterMayDestroyItAtOnce) {
  for (int round = 0; round < 200; ++round) {
    auto event = std::make_unique<Event>();
    Event& shared = *event;
    const std::jthread teller([&shared] { shared.set(); });
    event->wait();
    event.reset();
  }
}

}  // namespace
}  // namespace rookery::worker
