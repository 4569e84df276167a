// Model: a row of at most `capacity` items; pushes append, pops take the first, close() ends the appending.
#include "worker/pool/bounded_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/worker/pool/waiting.h"

namespace rookery::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

template <class T>
std::vector<T> drain(BoundedQueue<T>& queue) {
  std::vector<T> items;
  while (std::optional<T> item = queue.pop()) items.push_back(std::move(*item));
  return items;
}

TEST(BoundedQueue, HandsOutInTheOrderOfPushes) {
  BoundedQueue<int> queue(3);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_THAT(queue.pop(), Optional(1));
  EXPECT_TRUE(queue.push(3));
  queue.close();
  EXPECT_THAT(drain(queue), ElementsAre(2, 3));
}

TEST(BoundedQueue, RefusesWithoutTouchingTheItemWhenFull) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.try_push(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_TRUE(queue.pop().has_value());
  EXPECT_TRUE(queue.try_push(std::move(second)));
}

TEST(BoundedQueue, TakesAllOrNone) {
  BoundedQueue<std::unique_ptr<int>> queue(3);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(0)));
  std::array<std::unique_ptr<int>, 3> three = {std::make_unique<int>(1), std::make_unique<int>(2),
                                               std::make_unique<int>(3)};
  EXPECT_FALSE(queue.try_push_all(three));
  EXPECT_EQ(queue.size(), 1U);
  for (const auto& item : three) EXPECT_NE(item, nullptr);

  EXPECT_TRUE(queue.pop().has_value());
  EXPECT_TRUE(queue.try_push_all(three));
  queue.close();
  std::vector<int> values;
  for (const auto& item : drain(queue)) values.push_back(*item);
  EXPECT_THAT(values, ElementsAre(1, 2, 3));
}

TEST(BoundedQueue, TryPushAllWakesAConsumerForEachItem) {
  BoundedQueue<int> queue(2);
  WatchedThread first([&] { EXPECT_TRUE(queue.pop().has_value()); });
  WatchedThread second([&] { EXPECT_TRUE(queue.pop().has_value()); });
  ASSERT_TRUE(first.asleep_in_time());
  ASSERT_TRUE(second.asleep_in_time());
  std::array<int, 2> items = {1, 2};
  EXPECT_TRUE(queue.try_push_all(items));
  EXPECT_TRUE(first.ended_in_time());
  EXPECT_TRUE(second.ended_in_time());
  queue.close();
}

TEST(BoundedQueue, AProducerThatWaitsForRoomWakesWhenThereIsSome) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.push(1));
  WatchedThread producer([&] { EXPECT_TRUE(queue.push(2)); });
  ASSERT_TRUE(producer.asleep_in_time());
  EXPECT_FALSE(producer.ended());
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_THAT(queue.pop(), Optional(1));
  EXPECT_TRUE(producer.ended_in_time());
  EXPECT_THAT(queue.pop(), Optional(2));
}

TEST(BoundedQueue, CloseWakesEverybodyAndKeepsWhatIsInside) {
  BoundedQueue<int> full(1);
  EXPECT_TRUE(full.push(1));
  WatchedThread producer([&] { EXPECT_FALSE(full.push(2)); });
  WatchedThread other_producer([&] { EXPECT_FALSE(full.push(3)); });
  ASSERT_TRUE(producer.asleep_in_time());
  ASSERT_TRUE(other_producer.asleep_in_time());
  full.close();
  full.close();
  EXPECT_TRUE(producer.ended_in_time());
  EXPECT_TRUE(other_producer.ended_in_time());
  EXPECT_FALSE(full.try_push(4));
  EXPECT_THAT(full.pop(), Optional(1));
  EXPECT_FALSE(full.try_push(5)) << "closed, although there is room";
  EXPECT_FALSE(full.pop().has_value());

  BoundedQueue<int> empty(1);
  WatchedThread consumer([&] { EXPECT_FALSE(empty.pop().has_value()); });
  WatchedThread other_consumer([&] { EXPECT_FALSE(empty.pop().has_value()); });
  ASSERT_TRUE(consumer.asleep_in_time());
  ASSERT_TRUE(other_consumer.asleep_in_time());
  empty.close();
  EXPECT_TRUE(consumer.ended_in_time());
  EXPECT_TRUE(other_consumer.ended_in_time());
}

TEST(BoundedQueue, RefusesACapacityOfNothing) {
  EXPECT_THROW(BoundedQueue<int>(0), std::invalid_argument);
}

struct Item {
  int producer;
  int number;
};

// Capacity 1 and 2 make nearly every push and pop wait; a lost wake-up would end in the test's time limit.
TEST(BoundedQueue, ManyProducersAndConsumersLoseDoubleAndReorderNothing) {
  constexpr int kProducers = 4;
  constexpr int kConsumers = 3;
  constexpr int kItems = 5'000;
  for (const std::size_t capacity : {1U, 2U, 64U}) {
    BoundedQueue<Item> queue(capacity);
    std::array<std::vector<Item>, kConsumers> received;
    std::atomic<std::size_t> largest_size = 0;
    {
      std::vector<std::jthread> consumers;
      for (std::vector<Item>& items : received) {
        consumers.emplace_back([&] {
          while (std::optional<Item> item = queue.pop()) {
            items.push_back(*item);
            const std::size_t size = queue.size();
            std::size_t largest = largest_size.load();
            while (size > largest && !largest_size.compare_exchange_weak(largest, size)) {
            }
          }
        });
      }
      {
        std::vector<std::jthread> producers;
        for (int producer = 0; producer < kProducers; ++producer) {
          producers.emplace_back([&queue, producer] {
            for (int number = 0; number < kItems; ++number) EXPECT_TRUE(queue.push(Item{producer, number}));
          });
        }
      }
      queue.close();
    }
    EXPECT_LE(largest_size.load(), capacity);

    std::array<std::vector<int>, kProducers> times_seen;
    times_seen.fill(std::vector<int>(kItems, 0));
    for (const std::vector<Item>& items : received) {
      std::array<int, kProducers> last;
      last.fill(-1);
      for (const Item& item : items) {
        const auto producer = static_cast<std::size_t>(item.producer);
        ++times_seen[producer][static_cast<std::size_t>(item.number)];
        EXPECT_LT(last[producer], item.number);
        last[producer] = item.number;
      }
    }
    for (const std::vector<int>& numbers : times_seen) EXPECT_THAT(numbers, ::testing::Each(1));
  }
}

}  // namespace
}  // namespace rookery::worker
