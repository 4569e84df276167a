#include "ipc/shm/doorbell.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <thread>

#include "ipc/os/pipe.h"
#include "ipc/shm/segment.h"
#include "tests/ipc/os/waiting.h"

namespace rookery::shm {
namespace {

class DoorbellTest : public ::testing::Test {
 protected:
  int rings_in_pipe() const {
    int bytes = -1;
    EXPECT_EQ(::ioctl(pipe_.read_end.get(), FIONREAD, &bytes), 0);
    return bytes;
  }

  os::Pipe pipe_ = os::make_pipe();
  SleepWord word_{0};
  DoorbellReader reader_{word_, pipe_.read_end.get()};
  DoorbellRinger ringer_{word_, pipe_.write_end.get()};
};

TEST_F(DoorbellTest, NobodyRingsAReaderThatIsAwake) {
  ringer_.ring_if_asleep();
  EXPECT_EQ(rings_in_pipe(), 0);
  reader_.announce_sleep();
  reader_.awake();
  ringer_.ring_if_asleep();
  EXPECT_EQ(rings_in_pipe(), 0);
}

TEST_F(DoorbellTest, OneRingForEachSleepAndRinger) {
  DoorbellRinger other(word_, pipe_.write_end.get());
  reader_.announce_sleep();
  for (int i = 0; i < 3; ++i) ringer_.ring_if_asleep();
  other.ring_if_asleep();
  EXPECT_EQ(rings_in_pipe(), 2);
  reader_.awake();
  reader_.drain();
  EXPECT_EQ(rings_in_pipe(), 0);
  reader_.announce_sleep();
  ringer_.ring_if_asleep();
  EXPECT_EQ(rings_in_pipe(), 1) << "the next sleep is another one";
}

TEST_F(DoorbellTest, TheWordIsOddWhileTheReaderSleepsAndOnlyGrows) {
  EXPECT_EQ(word_.load(), 0U);
  reader_.announce_sleep();
  EXPECT_EQ(word_.load(), 1U);
  reader_.awake();
  EXPECT_EQ(word_.load(), 2U);
  reader_.awake();
  EXPECT_EQ(word_.load(), 2U);
}

TEST_F(DoorbellTest, ASuccessorOfOneThatDiedInItsSleepIsAwake) {
  reader_.announce_sleep();
  ringer_.ring_if_asleep();
  DoorbellReader successor(word_, pipe_.read_end.get());
  EXPECT_EQ(word_.load() % 2, 0U);
  successor.drain();
  ringer_.ring_if_asleep();
  EXPECT_EQ(rings_in_pipe(), 0);
  successor.announce_sleep();
  ringer_.ring_if_asleep();
  EXPECT_EQ(rings_in_pipe(), 1) << "not taken for the sleep that was rung before";
}

TEST_F(DoorbellTest, RingNeverBlocksAndDrainEmptiesEvenAFullPipe) {
  for (int i = 0; i < 100'000; ++i) ringer_.ring();
  EXPECT_GT(rings_in_pipe(), 0);
  reader_.drain();
  EXPECT_EQ(rings_in_pipe(), 0);
  ringer_.ring();
  EXPECT_EQ(rings_in_pipe(), 1);
}

// Two sides that hand a number to and fro; each sleeps whenever there is nothing for it. A wake-up that is lost leaves
// both asleep, and only the deadline of a minute ends that.
class Side {
 public:
  Side(SleepWord& own_word, int own_bell, const std::atomic<std::uint64_t>& incoming, const SleepWord& other_word,
       int other_bell, std::atomic<std::uint64_t>& outgoing)
      : bell_(own_word, own_bell), ringer_(other_word, other_bell), incoming_(incoming), outgoing_(outgoing) {}

  // False when a wake-up was lost.
  bool await(std::uint64_t number) {
    testing::spin(number * 13 % 600);  // or it would be asleep long before the other publishes
    while (incoming_.load(std::memory_order_seq_cst) < number) {
      bell_.announce_sleep();
      bool rung = false;
      if (incoming_.load(std::memory_order_seq_cst) < number) {
        if (!testing::readable_in_time(bell_.descriptor())) return false;
        rung = true;
      }
      bell_.awake();
      if (rung) bell_.drain();
    }
    return true;
  }

  void hand_over(std::uint64_t number) {
    testing::spin(number * 7 % 50);  // meets the other at another point of its way to sleep each time
    outgoing_.store(number, std::memory_order_seq_cst);
    ringer_.ring_if_asleep();
  }

 private:
  DoorbellReader bell_;
  DoorbellRinger ringer_;
  const std::atomic<std::uint64_t>& incoming_;
  std::atomic<std::uint64_t>& outgoing_;
};

constexpr std::uint64_t kRounds = 100'000;

struct Table {
  alignas(64) SleepWord here_sleeps;
  alignas(64) SleepWord there_sleeps;
  alignas(64) std::atomic<std::uint64_t> to_here;
  alignas(64) std::atomic<std::uint64_t> to_there;
};

bool play_here(Table& table, int bell_here, int bell_there) {
  Side side(table.here_sleeps, bell_here, table.to_here, table.there_sleeps, bell_there, table.to_there);
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    side.hand_over(round);
    if (!side.await(round)) return false;
  }
  return true;
}

bool play_there(Table& table, int bell_here, int bell_there) {
  Side side(table.there_sleeps, bell_there, table.to_there, table.here_sleeps, bell_here, table.to_here);
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    if (!side.await(round)) return false;
    side.hand_over(round);
  }
  return true;
}

TEST(DoorbellWakeUpTest, NoneIsLostBetweenTwoThreads) {
  const os::Pipe here = os::make_pipe();
  const os::Pipe there = os::make_pipe();
  Table table{};
  bool other_done = false;
  std::jthread other([&] { other_done = play_there(table, here.write_end.get(), there.read_end.get()); });
  EXPECT_TRUE(play_here(table, here.read_end.get(), there.write_end.get()));
  other.join();
  EXPECT_TRUE(other_done);
}

TEST(DoorbellWakeUpTest, NoneIsLostBetweenTwoProcesses) {
  const os::Pipe here = os::make_pipe();
  const os::Pipe there = os::make_pipe();
  const Segment segment("doorbell-test", sizeof(Table));
  ASSERT_TRUE(reserve(segment.writer_descriptor(), 0, segment.size_bytes()));
  const Mapping mapping(segment.writer_descriptor(), Access::ReadWrite, segment.size_bytes());
  Table& table = *mapping.at<Table>(0);
  os::Process other =
      os::Process::spawn([&] { return play_there(table, here.write_end.get(), there.read_end.get()) ? 0 : 1; });
  EXPECT_TRUE(play_here(table, here.read_end.get(), there.write_end.get()));
  const auto status = testing::end_in_time(other);
  EXPECT_TRUE(status && status->clean());
}

// Several producers that hurry, one reader that sleeps when it has seen all there is: more races a second than a
// hand-over has, and every one of them must end with the reader awake.
TEST(DoorbellWakeUpTest, NoneIsLostAmongManyRingers) {
  constexpr std::uint64_t kEach = 100'000;
  const os::Pipe pipe = os::make_pipe();
  SleepWord word{0};
  std::array<std::atomic<std::uint64_t>, 3> published{};
  std::vector<std::jthread> producers;
  for (auto& mine : published) {
    producers.emplace_back([&] {
      DoorbellRinger ringer(word, pipe.write_end.get());
      for (std::uint64_t number = 1; number <= kEach; ++number) {
        mine.store(number, std::memory_order_seq_cst);
        ringer.ring_if_asleep();
        testing::spin(number % 32);
      }
    });
  }
  DoorbellReader bell(word, pipe.read_end.get());
  const auto total = [&] {
    std::uint64_t sum = 0;
    for (const auto& each : published) sum += each.load(std::memory_order_seq_cst);
    return sum;
  };
  std::uint64_t seen = 0;
  bool lost = false;
  while (!lost && seen < kEach * published.size()) {
    bell.announce_sleep();
    if (total() == seen) lost = !testing::readable_in_time(bell.descriptor());
    bell.awake();
    bell.drain();
    seen = total();
  }
  EXPECT_FALSE(lost);
}

}  // namespace
}  // namespace rookery::shm
