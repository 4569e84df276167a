#include "master/supervisor/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
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
