#include "ipc/os/poller.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "ipc/os/pipe.h"

namespace rookery::os {
namespace {

using std::chrono::milliseconds;

TEST(PollerTest, TellsTheTokenOfWhatIsReady) {
  Poller poller;
  const Pipe quiet = make_pipe();
  const Pipe pipe = make_pipe();
  ASSERT_TRUE(poller.add(quiet.read_end.get(), EPOLLIN, 1));
  ASSERT_TRUE(poller.add(pipe.read_end.get(), EPOLLIN, 0xffffffffffffffff));
  EXPECT_TRUE(poller.wait(milliseconds(0)).empty());

  ASSERT_EQ(::write(pipe.write_end.get(), "x", 1), 1);
  // The longest time-out there is must not be taken for none or for ever by a narrowing to int.
  const auto events = poller.wait(milliseconds::max());
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].data.u64, 0xffffffffffffffff);
  EXPECT_NE(events[0].events & EPOLLIN, 0U);
  EXPECT_EQ(poller.wait(milliseconds(-1)).size(), 1U) << "level-triggered: ready until it is read";
}

TEST(PollerTest, ModifyAndRemoveTakeEffect) {
  Poller poller;
  const Pipe pipe = make_pipe();
  ASSERT_TRUE(poller.add(pipe.read_end.get(), EPOLLIN, 1));
  ASSERT_EQ(::write(pipe.write_end.get(), "x", 1), 1);
  ASSERT_TRUE(poller.modify(pipe.read_end.get(), 0, 1));
  EXPECT_TRUE(poller.wait(milliseconds(0)).empty());
  ASSERT_TRUE(poller.modify(pipe.read_end.get(), EPOLLIN, 2));
  const auto events = poller.wait(milliseconds(0));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].data.u64, 2U);
  poller.remove(pipe.read_end.get());
  EXPECT_TRUE(poller.wait(milliseconds(0)).empty());
}

TEST(PollerTest, RefusalsLeaveErrno) {
  Poller poller;
  const Pipe pipe = make_pipe();
  EXPECT_FALSE(poller.modify(pipe.read_end.get(), EPOLLIN, 1));
  EXPECT_EQ(errno, ENOENT);
  ASSERT_TRUE(poller.add(pipe.read_end.get(), EPOLLIN, 1));
  EXPECT_FALSE(poller.add(pipe.read_end.get(), EPOLLIN, 1));
  EXPECT_EQ(errno, EEXIST);
}

}  // namespace
}  // namespace rookery::os
