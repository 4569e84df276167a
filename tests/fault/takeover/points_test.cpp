// A worker dies at each of its fault points, by each kind of death, while streams are under way.
#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "tests/fault/takeover/killer.h"
#include "tests/fault/takeover/streams.h"
#include "tests/system/harness/server_process.h"

namespace rookery::system_test {
namespace {

constexpr std::uint64_t kOften = 300;   // passings while the crowd came in
constexpr std::uint64_t kAtStart = 8;   // so many when nobody passes but workers that start
constexpr std::uint64_t kLatest = 200;  // the death comes at the first to so many-th passing
constexpr std::uint64_t kLatestOfRare = 4;
const std::chrono::seconds kComesByItself{1 * kSlowness};

// Those of a worker. What a certain line does is in doubt_test.cpp.
std::vector<fault::Point> points_of_workers() {
  std::vector<fault::Point> points;
  for (std::size_t i = 0; i < fault::kPoints; ++i) {
    const auto point = static_cast<fault::Point>(i);
    if (fault::name_of(point).starts_with("worker.") && point != fault::Point::WorkerPoisonLine)
      points.push_back(point);
  }
  return points;
}

class TakeoverAtPoint : public testing::TestWithParam<fault::Point> {
 protected:
  static StreamsSetup crowd() {
    StreamsSetup setup;
    setup.seed = 1 + static_cast<std::uint64_t>(GetParam());
    setup.talkers = 16;
    setup.slow = 4;
    setup.visitors = 5;
    setup.own_addresses = true;  // whoever is held to account for a crash is alone at his address
    return setup;
  }

  // So many deaths of that kind at the point, each at a passing by the seed.
  static void die_there(const std::string& action, int deaths) {
    SCOPED_TRACE(action);
    FaultSwitch faults;
    ServerProcess server(faults, {"--workers", "4"});
    server.expect_alerts();
    Streams streams(server.port(), crowd());
    streams.wait_for_progress(5);
    Killer killer(server, crowd().seed);
    std::mt19937_64 random(crowd().seed);
    const std::uint64_t passed = faults.passed(GetParam());
    const std::uint64_t latest = passed >= kOften ? kLatest : passed > kAtStart ? kLatestOfRare : 1;
    for (int death = 0; death < deaths && !streams.has_failed(); ++death) {
      const std::uint64_t nth = 1 + random() % latest;
      faults.set(std::string(fault::name_of(GetParam())) + ":" + action + ":" + std::to_string(nth));
      eventually("a worker dies there", [&] {
        const auto patience = Clock::now() + kComesByItself;
        while (faults.fired() == 0 && Clock::now() < patience)
          std::this_thread::sleep_for(std::chrono::milliseconds{1});
        if (faults.fired() == 0) killer.strike();  // a point that is passed only when a worker starts
        return faults.fired() > 0 || streams.has_failed();
      });
    }
    faults.clear();
    if (!streams.has_failed()) streams.wait_for_progress(5);
    const StreamsReport report = streams.finish();
    EXPECT_TRUE(report.exact()) << report << doubts_in(server.log());
    EXPECT_LE(report.too_early, static_cast<std::uint64_t>(deaths) + killer.deaths()) << report;
    EXPECT_GT(report.received_lines, 0u);
  }
};

TEST_P(TakeoverAtPoint, Row02_KilledThere) {
  die_there("kill9", kSanitized ? 2 : 6);
}

// A crash is held against the line that the worker was at: so one of each kind, each in a server of its own.
TEST_P(TakeoverAtPoint, Row03_CrashesThere) {
  die_there("abort", 1);
  if (!kSanitized) die_there("segv", 1);  // a sanitizer takes it for an error of the program
}

INSTANTIATE_TEST_SUITE_P(Worker, TakeoverAtPoint, testing::ValuesIn(points_of_workers()), [](const auto& point) {
  std::string name(fault::name_of(point.param));
  std::ranges::replace(name, '.', '_');
  return name;
});

}  // namespace
}  // namespace rookery::system_test
