// Which addresses count as one, and what is allowed to whom.
#include "worker/limits/source.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace rookery::worker {
namespace {

constexpr std::uint64_t kSecret = 42;

Source source(const char* text, std::uint64_t secret = kSecret, std::uint16_t port = 1) {
  sockaddr_storage storage{};
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  if (::inet_pton(AF_INET, text, &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
  } else {
    EXPECT_EQ(::inet_pton(AF_INET6, text, &six.sin6_addr), 1) << text;
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
  }
  return source_of(chat::source_address(storage), secret);
}

TEST(SourceTest, AnAddressIsOneSourceWhateverThePortAndTheNotation) {
  EXPECT_EQ(source("192.0.2.1", kSecret, 1).key, source("192.0.2.1", kSecret, 2).key);
  EXPECT_EQ(source("192.0.2.1").key, source("::ffff:192.0.2.1").key);
  EXPECT_NE(source("192.0.2.1").key, source("192.0.2.2").key);
}

TEST(SourceTest, ANetworkOf64BitsIsOneSource) {
  EXPECT_EQ(source("2001:db8:1:2::1").key, source("2001:db8:1:2:ffff:ffff:ffff:ffff").key);
  EXPECT_NE(source("2001:db8:1:2::1").key, source("2001:db8:1:3::1").key);
}

TEST(SourceTest, AnotherSecretIsAnotherKey) {
  EXPECT_NE(source("192.0.2.1", 1).key, source("192.0.2.1", 2).key);
}

TEST(SourceTest, LoopbackIsKnown) {
  for (const char* text : {"127.0.0.1", "127.255.1.2", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(source(text).loopback) << text;
  for (const char* text : {"128.0.0.1", "10.0.0.127", "::2", "fe80::1", "::ffff:10.0.0.1"})
    EXPECT_FALSE(source(text).loopback) << text;
}

TEST(SourceTest, LoopbackIsLimitedOnlyWhereSomebodyAskedForIt) {
  ClientLimits limits;
  const Source near = source("127.0.0.1");
  const Source far = source("192.0.2.1");
  EXPECT_EQ(clients_allowed(limits, near), 0U);
  EXPECT_EQ(clients_allowed(limits, far), limits.clients_per_address);
  EXPECT_EQ(lines_allowed(limits, near), 0U);
  EXPECT_EQ(lines_allowed(limits, far), limits.lines_per_second);
  EXPECT_EQ(rooms_allowed(limits, near), 0U);
  EXPECT_EQ(rooms_allowed(limits, far), limits.rooms_per_address);
  EXPECT_EQ(stored_allowed(limits, near), 0U);
  EXPECT_EQ(stored_allowed(limits, far), limits.stored_per_address);
  limits.line_rate_on_loopback = true;
  EXPECT_EQ(clients_allowed(limits, near), 0U);
  EXPECT_EQ(lines_allowed(limits, near), limits.lines_per_second);
  limits.line_rate_on_loopback = false;
  limits.limit_loopback = true;
  EXPECT_EQ(rooms_allowed(limits, near), limits.rooms_per_address);
  EXPECT_EQ(stored_allowed(limits, near), limits.stored_per_address);
  EXPECT_EQ(clients_allowed(limits, near), limits.clients_per_address);
  EXPECT_EQ(lines_allowed(limits, near), limits.lines_per_second);
}

}  // namespace
}  // namespace rookery::worker
