#include "client/terminal/endpoint.h"

#include <gtest/gtest.h>

namespace rookery::client {
namespace {

std::string parsed(std::string_view text) {
  const std::optional<Endpoint> endpoint = parse_endpoint(text, {});
  return endpoint ? to_string(*endpoint) : "-";
}

TEST(Endpoint, TakesTheFormsPeopleWrite) {
  EXPECT_EQ(parsed(""), "127.0.0.1:5000");
  EXPECT_EQ(parsed("chat.example"), "chat.example:5000");
  EXPECT_EQ(parsed("chat.example:6000"), "chat.example:6000");
  EXPECT_EQ(parsed(":6000"), "127.0.0.1:6000");
  EXPECT_EQ(parsed("[::1]:6000"), "[::1]:6000");
  EXPECT_EQ(parsed("[::1]"), "[::1]:5000");
  EXPECT_EQ(parsed("fe80::1"), "[fe80::1]:5000");
}

TEST(Endpoint, RefusesWhatCannotBeMeant) {
  for (const char* text :
       {"host:", "host:0", "host:65536", "host:5000x", "host:-1", "[::1", "[::1]5000", "[]:5000", "[::1]:"})
    EXPECT_EQ(parsed(text), "-") << text;
}

TEST(Endpoint, MissingPartsComeFromTheDefaults) {
  const std::optional<Endpoint> endpoint = parse_endpoint("here", {"there", "7"});
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(to_string(*endpoint), "here:7");
}

}  // namespace
}  // namespace rookery::client
