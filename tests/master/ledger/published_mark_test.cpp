// What the mark knows after the death of everybody.

#include "master/ledger/published_mark.h"

#include <gtest/gtest.h>

#include "ipc/os/process.h"
#include "tests/support/temporary_directory.h"

namespace rookery::ledger {
namespace {

class PublishedMarkTest : public ::testing::Test {
 protected:
  test::TemporaryDirectory own_;
  const std::filesystem::path& directory_ = own_.path();
};

constexpr std::string_view kEpoch = "0123456789abcdef";
constexpr std::string_view kOther = "fedcba9876543210";

TEST_F(PublishedMarkTest, KnowsNothingWhenNew) {
  EXPECT_EQ(PublishedMark(directory_).published(kEpoch), 0U);
}

TEST_F(PublishedMarkTest, OutlivesAProcessThatIsKilled) {
  os::Process child = os::Process::spawn([this]() -> int {
    PublishedMark mark(directory_);
    mark.begin(kEpoch, 7);
    for (std::uint64_t seq = 8; seq <= 1000; ++seq) mark.advance(seq);
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  std::optional<os::ExitStatus> status;
  while (!status) status = child.try_wait();
  ASSERT_TRUE(status->signalled);

  const PublishedMark mark(directory_);
  EXPECT_EQ(mark.published(kEpoch), 1000U);
  EXPECT_EQ(mark.published(kOther), 0U) << "it speaks of one epoch only";
}

TEST_F(PublishedMarkTest, BeginsAnew) {
  PublishedMark mark(directory_);
  mark.begin(kEpoch, 5);
  mark.advance(9);
  mark.begin(kOther, 5);
  EXPECT_EQ(mark.published(kEpoch), 0U);
  EXPECT_EQ(mark.published(kOther), 5U);
}

TEST_F(PublishedMarkTest, KnowsWhatWasStoredToo) {
  PublishedMark mark(directory_);
  EXPECT_EQ(mark.durable(kEpoch), 0U);
  mark.begin(kEpoch, 5);
  EXPECT_EQ(mark.durable(kEpoch), 5U);
  mark.advance(9);
  mark.stored(7);
  EXPECT_EQ(PublishedMark(directory_).durable(kEpoch), 7U);
  EXPECT_EQ(mark.durable(kOther), 0U);
}

TEST_F(PublishedMarkTest, RefusesADirectoryThatIsNotThere) {
  EXPECT_THROW(PublishedMark(directory_ / "no" / "such"), std::system_error);
}

}  // namespace
}  // namespace rookery::ledger
