#include "master/console/peer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace rookery::master {
namespace {

struct stat directory(uid_t owner, gid_t group, mode_t mode) {
  struct stat status {};
  status.st_uid = owner;
  status.st_gid = group;
  status.st_mode = S_IFDIR | mode;
  return status;
}

TEST(Peer, IsWhoConnected) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const auto peer = peer_of(ends[0]);
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->user, ::geteuid());
  EXPECT_EQ(peer->group, ::getegid());
  EXPECT_EQ(static_cast<int>(peer->groups.size()), ::getgroups(0, nullptr));
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_FALSE(peer_of(-1).has_value());
}

TEST(Peer, OwnerRootAndGroupMayUseTheDirectory) {
  const struct stat shared = directory(1000, 50, 0750);
  EXPECT_TRUE(may_use({.user = 1000, .group = 9}, shared));
  EXPECT_TRUE(may_use({.user = 0, .group = 9}, shared));
  EXPECT_TRUE(may_use({.user = 1001, .group = 50}, shared));
  EXPECT_TRUE(may_use({.user = 1001, .group = 9, .groups = {7, 50}}, shared));
  EXPECT_FALSE(may_use({.user = 1001, .group = 9, .groups = {7, 51}}, shared));
  EXPECT_FALSE(may_use({.user = 1001, .group = 9}, shared));
}

TEST(Peer, AGroupThatTheDirectoryKeepsOutStaysOut) {
  const struct stat closed = directory(1000, 50, 0700);
  EXPECT_TRUE(may_use({.user = 1000, .group = 9}, closed));
  EXPECT_FALSE(may_use({.user = 1001, .group = 50, .groups = {50}}, closed));
}

}  // namespace
}  // namespace rookery::master
