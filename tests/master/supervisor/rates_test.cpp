#include "master/supervisor/rates.h"

#include <gtest/gtest.h>

namespace rookery::master {
namespace {

using std::chrono::milliseconds;

class RatesTest : public ::testing::Test {
 protected:
  void look(int ms, std::uint64_t newest_seq, std::vector<std::uint64_t> deliveries) {
    rates_.look(start_ + milliseconds{ms}, newest_seq, deliveries);
  }
  const Rates::TimePoint start_{std::chrono::hours{1}};
  Rates rates_;
};

TEST_F(RatesTest, NothingIsKnownAtFirst) {
  EXPECT_EQ(rates_.shown().over.count(), 0);
  look(0, 1000, {50});
  EXPECT_EQ(rates_.shown().over.count(), 0);
  EXPECT_EQ(rates_.shown().messages, 0);
}

TEST_F(RatesTest, AreOfTheLastSecondsAlone) {
  for (int i = 0; i <= 10; ++i) look(i * 500, 1000 + static_cast<std::uint64_t>(i) * 50, {});
  EXPECT_EQ(rates_.shown().over.count(), 5000);
  EXPECT_DOUBLE_EQ(rates_.shown().messages, 100);
  for (int i = 11; i <= 25; ++i) look(i * 500, 1500, {});
  EXPECT_DOUBLE_EQ(rates_.shown().messages, 0);
  EXPECT_EQ(rates_.shown().over.count(), 5000);
}

TEST_F(RatesTest, ACounterThatBeginsAgainLosesNothing) {
  look(0, 1, {100, 7});
  look(500, 1, {110, 7});
  look(1000, 1, {5, 7});
  EXPECT_DOUBLE_EQ(rates_.shown().deliveries, 15);
}

TEST_F(RatesTest, WhereTheLedgerGoesOnIsNothingThatWasSaid) {
  look(0, 0, {});
  look(500, 1'000'000, {});
  look(1000, 1'000'010, {});
  EXPECT_DOUBLE_EQ(rates_.shown().messages, 10);
}

}  // namespace
}  // namespace rookery::master
