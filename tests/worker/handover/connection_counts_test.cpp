// What the kernel tells of a connection against what was really received and sent, byte by byte, in every state that a
// connection can be in when its worker dies.
#include "worker/handover/connection_counts.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "ipc/os/file_descriptor.h"
#include "ipc/os/socket_io.h"

namespace rookery::worker {
namespace {

struct Connection {
  os::FileDescriptor served;  // accepted
  os::FileDescriptor client;

  explicit Connection(int server_buffer_bytes = 0) {
    const os::FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (server_buffer_bytes > 0)
      ::setsockopt(listener.get(), SOL_SOCKET, SO_SNDBUF, &server_buffer_bytes, sizeof server_buffer_bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &bytes), 0);
    client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    served.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  }
};

bool becomes_readable(int socket) {
  pollfd one{socket, POLLIN, 0};
  return ::poll(&one, 1, 10'000) == 1;
}

TEST(ConnectionCountsTest, OfANewConnectionNothing) {
  const Connection connection;
  const auto counts = connection_counts(connection.served.get());
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->received, 0U);
  EXPECT_EQ(counts->written, 0U);
  EXPECT_FALSE(counts->peer_ended);
  EXPECT_FALSE(counts->we_ended);
}

// With SO_OOBINLINE, as every connection of ours has it, urgent bytes are counted like all others.
TEST(ConnectionCountsTest, UrgentBytesAreCountedToTheByte) {
  const Connection connection;
  ASSERT_TRUE(os::set_urgent_inline(connection.served.get()));
  std::mt19937 random(1);
  std::uint64_t received = 0;
  std::array<char, 300> bytes{};
  for (int step = 0; step < 2000; ++step) {
    const std::size_t some = 1 + random() % bytes.size();
    if (random() % 2 == 0) {
      static_cast<void>(
          ::send(connection.client.get(), bytes.data(), some, MSG_DONTWAIT | (random() % 2 == 0 ? MSG_OOB : 0)));
    } else {
      const ssize_t got = ::recv(connection.served.get(), bytes.data(), some, 0);
      if (got > 0) received += static_cast<std::uint64_t>(got);
    }
    const auto counts = connection_counts(connection.served.get());
    ASSERT_TRUE(counts);
    ASSERT_EQ(counts->received, received) << "in step " << step;
  }
}

TEST(ConnectionCountsTest, RandomTrafficIsCountedToTheByte) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    const Connection connection(seed % 2 == 0 ? 4096 : 0);
    std::vector<char> bytes(200'000);
    std::uint64_t received = 0;
    std::uint64_t written = 0;
    for (int step = 0; step < 2000; ++step) {
      const std::size_t some = 1 + random() % (random() % 10 == 0 ? bytes.size() : 500);
      ssize_t moved = 0;
      switch (random() % 4) {
        case 0:
          static_cast<void>(::send(connection.client.get(), bytes.data(), some, MSG_DONTWAIT));
          break;
        case 1:
          static_cast<void>(::recv(connection.client.get(), bytes.data(), some, MSG_DONTWAIT));
          break;
        case 2:
          moved = ::recv(connection.served.get(), bytes.data(), some, 0);
          if (moved > 0) received += static_cast<std::uint64_t>(moved);
          break;
        default:
          moved = ::send(connection.served.get(), bytes.data(), some, MSG_NOSIGNAL);
          if (moved > 0) written += static_cast<std::uint64_t>(moved);
      }
      const auto counts = connection_counts(connection.served.get());
      ASSERT_TRUE(counts);
      ASSERT_EQ(counts->received, received) << "seed " << seed << ", step " << step;
      ASSERT_EQ(counts->written, written) << "seed " << seed << ", step " << step;
    }
  }
}

TEST(ConnectionCountsTest, AFinIsNoByte) {
  const Connection connection;
  ASSERT_EQ(::send(connection.client.get(), "hello", 5, 0), 5);
  ASSERT_EQ(::shutdown(connection.client.get(), SHUT_WR), 0);
  ASSERT_TRUE(becomes_readable(connection.served.get()));
  const auto wait_for_fin = [&] {
    for (;;) {
      const auto counts = connection_counts(connection.served.get());
      if (!counts || counts->peer_ended) return counts;
    }
  };
  auto counts = wait_for_fin();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->received, 0U) << "nothing was taken yet";
  char bytes[16];
  ASSERT_EQ(::recv(connection.served.get(), bytes, 3, 0), 3);
  EXPECT_EQ(connection_counts(connection.served.get())->received, 3U);
  ASSERT_EQ(::recv(connection.served.get(), bytes, sizeof bytes, 0), 2);
  EXPECT_EQ(connection_counts(connection.served.get())->received, 5U);
  ASSERT_EQ(::recv(connection.served.get(), bytes, sizeof bytes, 0), 0) << "the end itself";
  EXPECT_EQ(connection_counts(connection.served.get())->received, 5U);

  ASSERT_EQ(::send(connection.served.get(), "bye", 3, MSG_NOSIGNAL), 3);
  EXPECT_EQ(connection_counts(connection.served.get())->written, 3U);
}

TEST(ConnectionCountsTest, NeitherIsOurOwn) {
  const Connection connection;
  ASSERT_EQ(::send(connection.served.get(), "last words", 10, MSG_NOSIGNAL), 10);
  ASSERT_EQ(::shutdown(connection.served.get(), SHUT_WR), 0);
  ASSERT_TRUE(becomes_readable(connection.client.get()));
  const auto counts = connection_counts(connection.served.get());
  ASSERT_TRUE(counts);
  EXPECT_TRUE(counts->we_ended);
  EXPECT_EQ(counts->written, 10U);
}

TEST(ConnectionCountsTest, OfAConnectionThatWasResetThereAreNone) {
  Connection connection;
  const linger at_once{1, 0};
  ::setsockopt(connection.client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  connection.client.reset();
  ASSERT_TRUE(becomes_readable(connection.served.get()));
  EXPECT_FALSE(connection_counts(connection.served.get()));
}

}  // namespace
}  // namespace rookery::worker
