// The master's duplicates of clients' sockets: who has which, what a wild worker can do to it, what is closed when.
#include "master/supervisor/held_sockets.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <vector>

namespace rookery::master {
namespace {

using chat::Place;

constexpr std::uint32_t kWorkers = 3;
constexpr std::uint32_t kLoops = 2;
constexpr std::uint32_t kSessions = 8;

// A connection, of which one end is held; the other one notices when it is closed.
class Connection {
 public:
  Connection() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    theirs_ = os::FileDescriptor(ends[0]);
    held_ = os::FileDescriptor(ends[1]);
  }
  os::FileDescriptor take() { return std::move(held_); }
  [[nodiscard]] bool is_open() const {
    char byte;
    return ::recv(theirs_.get(), &byte, 1, 0) < 0;  // EAGAIN; 0 would be its end
  }

 private:
  os::FileDescriptor theirs_;
  os::FileDescriptor held_;
};

class HeldSocketsTest : public testing::Test {
 protected:
  void hold(std::uint32_t worker, Place place, std::uint64_t client, Connection& connection) {
    ASSERT_TRUE(held_.hold(worker, place, client, connection.take()));
  }
  std::vector<std::uint64_t> clients(std::uint32_t worker) const {
    std::vector<std::uint64_t> result;
    held_.for_each(worker, [&](Place, const HeldSocket& held) {
      result.push_back(held.client);
      return true;
    });
    return result;
  }

  HeldSockets held_{kWorkers, kLoops, kSessions};
};

TEST_F(HeldSocketsTest, KeepsAConnectionUntilItsWorkerDropsIt) {
  Connection connection;
  hold(1, {1, 7}, 42, connection);
  EXPECT_TRUE(connection.is_open());
  EXPECT_EQ(held_.count(1), 1U);
  EXPECT_TRUE(held_.drop(1, {1, 7}, 42));
  EXPECT_FALSE(connection.is_open());
  EXPECT_EQ(held_.total(), 0U);
}

TEST_F(HeldSocketsTest, ADropOfThePastLeavesThePlacesNextClientAlone) {
  Connection connection;
  hold(1, {0, 3}, 43, connection);
  EXPECT_TRUE(held_.drop(1, {0, 3}, 42));
  EXPECT_TRUE(connection.is_open());
  EXPECT_EQ(held_.count(1), 1U);
}

TEST_F(HeldSocketsTest, ANewClientInAPlaceEndsTheOldOne) {
  Connection old;
  Connection next;
  hold(1, {0, 3}, 42, old);
  hold(1, {0, 3}, 43, next);
  EXPECT_FALSE(old.is_open());
  EXPECT_TRUE(next.is_open());
  EXPECT_EQ(held_.count(1), 1U);
}

TEST_F(HeldSocketsTest, TakesNoPlaceThatNoRegionHas) {
  for (const Place place : {Place{kLoops, 0}, Place{0, kSessions}, Place{~0U, ~0U}}) {
    EXPECT_FALSE(held_.hold(0, place, 42, {}));
    EXPECT_FALSE(held_.drop(0, place, 42));
  }
  EXPECT_FALSE(held_.hold(0, {0, 0}, 0, {})) << "0 is no client";
  EXPECT_EQ(held_.total(), 0U);
}

TEST_F(HeldSocketsTest, AnotherWorkerGetsAClientOnlyWhenItWasHandedToIt) {
  Connection connection;
  hold(0, {0, 1}, 42, connection);
  EXPECT_FALSE(held_.moved(0, {0, 1}, 42, 1, {1, 5})) << "nobody handed it";
  held_.hand(0, {0, 1}, 1);
  EXPECT_EQ(held_.handed_from(0), 1U);
  EXPECT_EQ(held_.handed_to(1), 1U);
  EXPECT_FALSE(held_.moved(0, {0, 1}, 42, 2, {1, 5})) << "to another one";
  EXPECT_FALSE(held_.moved(0, {0, 1}, 41, 1, {1, 5})) << "another client";
  EXPECT_FALSE(held_.moved(0, {0, 1}, 42, 1, {1, kSessions})) << "no such place";
  EXPECT_TRUE(held_.moved(0, {0, 1}, 42, 1, {1, 5}));
  EXPECT_FALSE(held_.moved(0, {0, 1}, 42, 1, {1, 6})) << "a second time";
  EXPECT_EQ(held_.count(0), 0U);
  EXPECT_EQ(clients(1), std::vector<std::uint64_t>{42});
  EXPECT_NE(held_.find(1, {1, 5}, 42), nullptr);
  EXPECT_EQ(held_.handed_from(0), 0U);
  EXPECT_EQ(held_.handed_to(1), 0U);
  EXPECT_TRUE(connection.is_open());
  EXPECT_TRUE(held_.drop(1, {1, 5}, 42));
  EXPECT_FALSE(connection.is_open());
}

TEST_F(HeldSocketsTest, WhatAnAdopterTookAwayWithItCanBeHandedToAnother) {
  Connection first;
  Connection second;
  hold(0, {0, 1}, 42, first);
  hold(0, {1, 2}, 43, second);
  held_.hand(0, {0, 1}, 1);
  held_.hand(0, {1, 2}, 2);
  held_.take_back(1);
  EXPECT_EQ(held_.handed_from(0), 1U);
  EXPECT_EQ(held_.find(0, {0, 1}, 42)->handed_to, HeldSocket::kNobody);
  EXPECT_EQ(held_.find(0, {1, 2}, 43)->handed_to, 2U);
  held_.hand(0, {0, 1}, 2);
  EXPECT_TRUE(held_.moved(0, {0, 1}, 42, 2, {0, 0}));
  EXPECT_TRUE(held_.moved(0, {1, 2}, 43, 2, {0, 1}));
  EXPECT_EQ(held_.count(2), 2U);
}

TEST_F(HeldSocketsTest, OnlyWhoWasHandedAClientCanGiveItUp) {
  Connection connection;
  hold(0, {0, 1}, 42, connection);
  EXPECT_FALSE(held_.given_up(0, {0, 1}, 42, 1));
  held_.hand(0, {0, 1}, 1);
  EXPECT_FALSE(held_.given_up(0, {0, 1}, 42, 2));
  EXPECT_FALSE(held_.given_up(0, {0, 1}, 43, 1));
  EXPECT_FALSE(held_.given_up(~0U, {0, 1}, 42, 1));
  EXPECT_TRUE(connection.is_open());
  EXPECT_TRUE(held_.given_up(0, {0, 1}, 42, 1));
  EXPECT_FALSE(connection.is_open());
  EXPECT_EQ(held_.handed_from(0), 0U);
  EXPECT_EQ(held_.handed_to(1), 0U);
}

TEST_F(HeldSocketsTest, DropAllEndsAWorkersConnectionsAndNobodyElses) {
  Connection ours;
  Connection handed;
  Connection others;
  hold(0, {0, 1}, 42, ours);
  hold(0, {0, 2}, 43, handed);
  hold(1, {0, 1}, 44, others);
  held_.hand(0, {0, 2}, 1);
  held_.drop_all(0);
  EXPECT_FALSE(ours.is_open());
  EXPECT_FALSE(handed.is_open());
  EXPECT_TRUE(others.is_open());
  EXPECT_EQ(held_.handed_to(1), 0U);
  EXPECT_FALSE(held_.moved(0, {0, 2}, 43, 1, {0, 2}));
}

TEST_F(HeldSocketsTest, HoldsAClientWhoseSocketWasLostOnTheWay) {
  EXPECT_TRUE(held_.hold(0, {0, 0}, 42, {}));
  EXPECT_EQ(held_.count(0), 1U);
  EXPECT_FALSE(held_.find(0, {0, 0}, 42)->socket);
}

TEST_F(HeldSocketsTest, TwoDeathsWithinTenSecondsAreADoubt) {
  const os::Monotonic::time_point begin{std::chrono::hours(1)};
  using std::chrono::seconds;
  EXPECT_TRUE(held_.hold(0, {0, 0}, 42, {}));
  EXPECT_TRUE(held_.hold(0, {0, 1}, 43, {}));
  EXPECT_FALSE(held_.accuse(0, 42, begin));
  EXPECT_FALSE(held_.accuse(0, 43, begin));
  EXPECT_FALSE(held_.accuse(0, 42, begin + seconds(11))) << "long ago";
  EXPECT_FALSE(held_.find(0, {0, 0}, 42)->doubt);
  EXPECT_TRUE(held_.accuse(0, 42, begin + seconds(21)));
  EXPECT_TRUE(held_.find(0, {0, 0}, 42)->doubt);
  EXPECT_FALSE(held_.find(0, {0, 1}, 43)->doubt) << "only its own";
  EXPECT_FALSE(held_.accuse(1, 42, begin + seconds(22))) << "a worker accuses its own clients only";
}

TEST_F(HeldSocketsTest, AnAccusationGoesWithTheClientToItsNextWorkerAndNotToThePlacesNextClient) {
  const os::Monotonic::time_point begin{std::chrono::hours(1)};
  EXPECT_TRUE(held_.hold(0, {0, 0}, 42, {}));
  EXPECT_FALSE(held_.accuse(0, 42, begin));
  held_.hand(0, {0, 0}, 1);
  EXPECT_TRUE(held_.moved(0, {0, 0}, 42, 1, {0, 0}));
  EXPECT_TRUE(held_.hold(0, {0, 0}, 44, {}));
  EXPECT_TRUE(held_.accuse(1, 42, begin + std::chrono::seconds(1)));
  EXPECT_FALSE(held_.accuse(0, 44, begin + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace rookery::master
