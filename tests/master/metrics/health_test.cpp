#include "master/metrics/health.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "ipc/os/file_descriptor.h"
#include "tests/support/temporary_directory.h"

namespace rookery::metrics {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'000'000;

// Regions of one worker as a healthy server has them, with the store written lately.
class HealthTest : public testing::Test {
 protected:
  HealthTest()
      : writer_(state_.master_region.writer_descriptor(), shm::Access::ReadWrite, state_.master_layout.total_bytes()),
        ledger_writer_(state_.ledger_region.writer_descriptor(), shm::Access::ReadWrite, state_.ledger_layout.rooms()),
        worker_writer_(state_.worker_regions[0].writer_descriptor(), shm::Access::ReadWrite,
                       state_.worker_layout.outbox_words(0)) {
    chat::set(master().header().phase, static_cast<std::uint64_t>(chat::ServerPhase::Serving));
    for (std::uint32_t entry : {0U, 1U}) {
      chat::set(master().entry(entry).state, static_cast<std::uint64_t>(chat::ProcessState::Serving));
      chat::set(master().entry(entry).pid, 17);
      chat::set(master().entry(entry).started_ms, 1);
    }
    beat(kNow);
    ledger().store_failing.store(0);
    chat::set(ledger().counters.written_ms, kNow - 10);
  }

  void beat(std::int64_t when) {
    ledger().heartbeat_ms.store(when);
    loop().heartbeat_ms.store(when);
  }
  [[nodiscard]] chat::MasterRegionView master() const { return {writer_, state_.master_layout}; }
  [[nodiscard]] chat::LedgerRegionHeader& ledger() const {
    return chat::LedgerRegionView(ledger_writer_, state_.ledger_layout).header();
  }
  [[nodiscard]] chat::LoopControl& loop() const {
    return chat::WorkerRegionView(worker_writer_, state_.worker_layout).control(0);
  }
  std::string why(std::int64_t now = kNow) {
    const auto verdict = health_.look(now);
    return !verdict ? "asks" : verdict->healthy() ? "healthy" : verdict->why;
  }

  test::TemporaryDirectory directory_;
  os::FileDescriptor data_{::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  chat::SharedState state_{1, 1, 16};
  shm::Mapping writer_;
  shm::Mapping ledger_writer_;
  shm::Mapping worker_writer_;
  Sight sight_{state_, data_.get()};
  int probes_ = 0;
  Health health_{sight_, [this] { ++probes_; }};
};

TEST_F(HealthTest, WhatWasWrittenLatelyIsNotTried) {
  EXPECT_EQ(why(), "healthy");
  EXPECT_EQ(probes_, 0);
}

TEST_F(HealthTest, WhatIsKnownNeedsNoProbe) {
  ledger().store_failing.store(1);
  EXPECT_THAT(why(), HasSubstr("store cannot be written"));
  ledger().store_failing.store(0);
  loop().heartbeat_ms.store(kNow - kFreshHeartbeatMs - 1);
  EXPECT_EQ(why(), "no worker serves");
  beat(kNow);
  ledger().heartbeat_ms.store(kNow - kFreshHeartbeatMs - 1);
  EXPECT_THAT(why(), HasSubstr("stands still"));
  beat(kNow);
  chat::set(master().header().ledger_away, 1);
  EXPECT_THAT(why(), HasSubstr("read-only"));
  chat::set(master().header().ledger_away, 0);
  chat::set(master().header().phase, static_cast<std::uint64_t>(chat::ServerPhase::Stopping));
  EXPECT_THAT(why(), HasSubstr("stopping"));
  EXPECT_EQ(probes_, 0);
}

TEST_F(HealthTest, ABeatFromTheFutureIsNone) {
  loop().heartbeat_ms.store(kNow + 60'000);
  EXPECT_EQ(why(), "no worker serves");
}

TEST_F(HealthTest, AProbeThatGoesWell) {
  const std::int64_t later = kNow + 5000;
  beat(later);
  EXPECT_EQ(why(later), "asks");
  EXPECT_EQ(why(later + 10), "asks");
  EXPECT_EQ(probes_, 1) << "one is under way";
  chat::set(ledger().counters.written_ms, later + 20);
  EXPECT_EQ(why(later + 20), "healthy");
  EXPECT_EQ(why(later + 500), "healthy");
  EXPECT_EQ(probes_, 1);
}

TEST_F(HealthTest, AProbeThatIsRefused) {
  const std::int64_t later = kNow + 5000;
  beat(later);
  EXPECT_EQ(why(later), "asks");
  chat::set(ledger().counters.refused_ms, later + 20);
  EXPECT_THAT(why(later + 20), HasSubstr("cannot be written"));
  EXPECT_THAT(why(later + 500), HasSubstr("cannot be written"));
  EXPECT_EQ(probes_, 1);
}

TEST_F(HealthTest, AProbeThatNobodyAnswers) {
  const std::int64_t later = kNow + 5000;
  beat(later);
  EXPECT_EQ(why(later), "asks");
  EXPECT_EQ(why(later + kProbeWithinMs - 1), "asks");
  EXPECT_THAT(why(later + kProbeWithinMs), HasSubstr("has not answered"));
  EXPECT_THAT(why(later + kProbeWithinMs + 1), HasSubstr("has not answered")) << "who else waits, does so no longer";
  EXPECT_EQ(probes_, 1);
}

TEST_F(HealthTest, WhoAskedAndWentLeavesNoWrongAnswer) {
  beat(kNow + 5000);
  EXPECT_EQ(why(kNow + 5000), "asks");
  chat::set(ledger().counters.written_ms, kNow + 5010);  // and nobody looked
  beat(kNow + 60'000);
  EXPECT_EQ(why(kNow + 60'000), "asks");
  EXPECT_EQ(probes_, 2);
}

}  // namespace
}  // namespace rookery::metrics
