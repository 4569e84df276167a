// The same over a network that loses and delays packets: what was sent, what was acknowledged and what the peer has are
// three numbers there, and a worker may die between any two of them.
#include <gmock/gmock.h>

#include "tests/fault/takeover/killer.h"
#include "tests/fault/takeover/lossy_link.h"
#include "tests/fault/takeover/streams.h"

namespace rookery::system_test {
namespace {

TEST(Takeover, Row02_OverALossyNetwork) {
  const std::uint64_t kKills = kSanitized ? 8 : 24;
  std::unique_ptr<NetworkEnd> far, near;
  try {
    far = std::make_unique<NetworkEnd>("10.211.7.1");
    near = std::make_unique<NetworkEnd>("10.211.7.2");
  } catch (const Unavailable& reason) {
    GTEST_SKIP() << "this machine has no two networks for it: " << reason.what();
  }
  const LossyWire wire(*far, *near, {.loss_percent = 3, .delay = std::chrono::milliseconds{2}, .seed = 4});
  std::unique_ptr<ServerProcess> server;
  far->run([&] {
    server = std::make_unique<ServerProcess>(
        std::vector<std::string>{"--host", far->address(), "--workers", "6", "--allow-guests", "yes", "--registration",
                                 "open", "--max-clients-per-address", "0", "--max-line-rate", "0"});
  });
  server->expect_alerts();
  StreamsReport report;
  std::uint64_t kills = 0;
  near->run([&] {
    StreamsSetup setup;
    setup.seed = 4;
    setup.host = far->address();
    setup.talkers = 16;
    setup.posts_per_second = 60.0 / kSlowness;
    Streams streams(server->port(), setup);
    streams.wait_for_progress(5);
    Killer killer(*server, setup.seed);
    while (killer.deaths() < kKills && !streams.has_failed()) killer.strike();
    if (!streams.has_failed()) streams.wait_for_progress(5);
    report = streams.finish();
    kills = killer.deaths();
  });
  EXPECT_TRUE(report.exact()) << report << doubts_in(server->log());
  EXPECT_LE(report.too_early, 2 + kills / 10) << report;
  EXPECT_GT(wire.lost(), 100u);
  EXPECT_GT(wire.carried(), wire.lost() * 10);
  far->run([&] { server.reset(); });
}

}  // namespace
}  // namespace rookery::system_test
