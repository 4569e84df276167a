// Settings on their way to a child: whole, or not believed.
#include "ipc/chat/runtime_settings.h"

#include <gtest/gtest.h>

#include <cstring>

namespace rookery::chat {
namespace {

TEST(RuntimeSettingsTest, ComeOutAsTheyWentIn) {
  const RuntimeSettings settings{.allow_guests = false,
                                 .log_level = log::Level::Debug,
                                 .log_format = log::Format::Json,
                                 .limits = {.clients_per_address = 3,
                                            .lines_per_second = 0,
                                            .line_rate_on_loopback = true,
                                            .limit_loopback = true,
                                            .login_grace = std::chrono::milliseconds{1500},
                                            .idle = kLongestClientTime,
                                            .queued_bytes = kMostQueuedBytes,
                                            .rooms = 1,
                                            .rooms_per_address = kMostRoomsPerAddress,
                                            .stored_per_address = kMostStoredPerAddress},
                                 .history_age = kLongestHistory,
                                 .history_bytes = kMostHistoryBytes,
                                 .registration_open = false};
  EXPECT_EQ(decode_runtime_settings(encode(settings)), settings);
  EXPECT_EQ(decode_runtime_settings(encode(RuntimeSettings{})), RuntimeSettings{});
}

TEST(RuntimeSettingsTest, WhatIsOutOfBoundsIsNotBelieved) {
  const std::string good = encode(RuntimeSettings{});
  for (std::size_t field = 0; field * 8 < good.size(); ++field) {
    std::string bad = good;
    const std::uint64_t huge = ~std::uint64_t{0};
    std::memcpy(bad.data() + field * 8, &huge, sizeof huge);
    EXPECT_FALSE(decode_runtime_settings(bad)) << field;
  }
  EXPECT_FALSE(decode_runtime_settings(""));
  EXPECT_FALSE(decode_runtime_settings(good + "x"));
  EXPECT_FALSE(decode_runtime_settings(good.substr(1)));
}

}  // namespace
}  // namespace rookery::chat
