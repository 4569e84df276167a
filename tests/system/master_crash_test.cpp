// kill -9 of the master: no child outlives it, and the next start has all that was acknowledged.
#include <gmock/gmock.h>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

constexpr std::chrono::seconds kChildrenGoWithin{2 * kSlowness};

TEST(MasterCrash, TakesItsChildrenAlongAndLosesNothing) {
  const TemporaryDirectory data;
  constexpr int kLives = kSanitized ? 2 : 4;
  std::vector<std::unique_ptr<Load>> loads;
  for (int life = 0; life < kLives; ++life) {
    ServerProcess server(data, {"--workers", "2"});
    if (life == 0) make_account(server, "alice");
    TextClient alice(server.port());
    alice.log_in("alice", kPassword);
    loads.push_back(std::make_unique<Load>(server.port(), 4, "#life" + std::to_string(life)));
    loads.back()->wait_for_progress(20);
    server.kill_master();
    server.expect_group_gone(kChildrenGoWithin);
    loads.back()->finish();
  }
  const ServerProcess server(data, {"--workers", "2"});
  for (int life = 0; life < kLives; ++life)
    check_promises(*loads[static_cast<std::size_t>(life)],
                   whole_history(server.port(), "#life" + std::to_string(life)));
}

TEST(MasterCrash, AStoppedChildGoesToo) {
  const TemporaryDirectory data;
  {
    ServerProcess server(data, {"--workers", "2"});
    freeze(server.worker_pid(0));
    server.kill_master();
    server.expect_group_gone(kChildrenGoWithin);
  }
  const ServerProcess again(data, {"--workers", "2"});
}

}  // namespace
}  // namespace rookery::system_test
