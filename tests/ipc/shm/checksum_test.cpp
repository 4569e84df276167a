#include "ipc/shm/checksum.h"

#include <gtest/gtest.h>

#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

using testing::bytes_of;

// The published value of XXH3-64 for the empty input is 2d06800538d394c2.
TEST(ChecksumTest, IsTheLowHalfOfXxh3) {
  EXPECT_EQ(checksum32({}, 0), 0x38d394c2U);
  EXPECT_EQ(hash64({}), 0x2d06800538d394c2U);
  EXPECT_EQ(checksum32(bytes_of("hello"), 0), static_cast<std::uint32_t>(hash64(bytes_of("hello"))));
}

TEST(ChecksumTest, TheSamePayloadElsewhereDoesNotPass) {
  EXPECT_NE(checksum32({}, 0), checksum32({}, 64));
  EXPECT_NE(checksum32(bytes_of("hello"), 0), checksum32(bytes_of("hello"), 64));
}

}  // namespace
}  // namespace rookery::shm
