#include "master/supervisor/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sysexits.h>

#include <string>

#include "master/supervisor/start_error.h"

namespace rookery::master {
namespace {

using ::testing::HasSubstr;

TEST(ListenOn, AnyFreePortIsNamed) {
  const Listener listener = listen_on("127.0.0.1", 0, 16);
  EXPECT_TRUE(listener.socket);
  EXPECT_EQ(listener.host, "127.0.0.1");
  EXPECT_NE(listener.port, 0);
}

TEST(ListenOn, NamesAreLookedUp) {
  EXPECT_NE(listen_on("localhost", 0, 16).port, 0);
}

TEST(ListenOn, APortInUseIsUnavailable) {
  const Listener first = listen_on("127.0.0.1", 0, 16);
  try {
    static_cast<void>(listen_on("127.0.0.1", first.port, 16));
    FAIL() << "two listeners on one port";
  } catch (const StartError& error) {
    EXPECT_EQ(error.exit_code(), EX_UNAVAILABLE);
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(first.port)));
    EXPECT_THAT(error.what(), HasSubstr("--port"));
  }
}

TEST(ListenOn, APortIsFreeAgainAtOnce) {
  const std::uint16_t port = listen_on("127.0.0.1", 0, 16).port;
  EXPECT_EQ(listen_on("127.0.0.1", port, 16).port, port);
}

TEST(ListenOn, ConnectionsInheritWhatFindsDeadPeers) {
  const Listener listener = listen_on("127.0.0.1", 0, 16);
  const os::FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(listener.port);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const os::FileDescriptor accepted(::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(accepted);
  const auto option = [&](int level, int name) {
    int value = -1;
    socklen_t bytes = sizeof value;
    EXPECT_EQ(::getsockopt(accepted.get(), level, name, &value, &bytes), 0);
    return value;
  };
  EXPECT_NE(option(SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_NE(option(IPPROTO_TCP, TCP_NODELAY), 0);
  const int idle = option(IPPROTO_TCP, TCP_KEEPIDLE);
  const int probes = option(IPPROTO_TCP, TCP_KEEPINTVL) * option(IPPROTO_TCP, TCP_KEEPCNT);
  const int dead_after_ms = option(IPPROTO_TCP, TCP_USER_TIMEOUT);
  EXPECT_GE(idle, 10) << "people are silent for hours: not a probe each second";
  EXPECT_LE(idle + probes, 90);
  EXPECT_GT(dead_after_ms, 10'000) << "a phone in a tunnel is not dead";
  EXPECT_LE(dead_after_ms, 90'000);
}

TEST(ListenOn, AnAddressOfAnotherMachineIsAConfigurationError) {
  try {
    static_cast<void>(listen_on("192.0.2.1", 0, 16));  // TEST-NET-1, nobody's
    FAIL() << "bound to somebody else's address";
  } catch (const StartError& error) {
    EXPECT_EQ(error.exit_code(), EX_CONFIG);
    EXPECT_THAT(error.what(), HasSubstr("--host"));
  }
}

}  // namespace
}  // namespace rookery::master
