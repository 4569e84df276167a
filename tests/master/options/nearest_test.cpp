// Which slips are recognised, and that a guess is not made for words that mean something else.
#include "master/options/nearest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rookery::master {
namespace {

const std::vector<std::string>& words() {
  static const std::vector<std::string> kWords{"host", "port", "pool", "workers", "max-clients", "log-level", "model"};
  return kWords;
}

TEST(Nearest, SeesThroughOneSlip) {
  EXPECT_EQ(nearest("prot", words()), "port");           // swapped
  EXPECT_EQ(nearest("por", words()), "port");            // missing
  EXPECT_EQ(nearest("portt", words()), "port");          // more
  EXPECT_EQ(nearest("pxrt", words()), "port");           // other
  EXPECT_EQ(nearest("PORT", words()), "port");           // case
  EXPECT_EQ(nearest("loglevel", words()), "log-level");  // dash
}

TEST(Nearest, LongerWordsMayHaveMoreSlips) {
  EXPECT_EQ(nearest("max_cleints", words()), "max-clients");
  EXPECT_EQ(nearest("worekrss", words()), "workers");
}

TEST(Nearest, TakesABeginningThatIsTheOnlyOne) {
  EXPECT_EQ(nearest("max", words()), "max-clients");
  EXPECT_EQ(nearest("wor", words()), "workers");
}

TEST(Nearest, IsSilentRatherThanMisleading) {
  EXPECT_EQ(nearest("frobnicate", words()), std::nullopt);
  EXPECT_EQ(nearest("po", words()), std::nullopt);  // port or pool
  EXPECT_EQ(nearest("", words()), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'x'), words()), std::nullopt);
  EXPECT_EQ(nearest("port", {}), std::nullopt);
}

}  // namespace
}  // namespace rookery::master
