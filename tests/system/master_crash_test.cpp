// kill -9 of the master while a child stands still. Its other deaths: tests/fault/rows/master_faults_test.cpp.
#include <gmock/gmock.h>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

TEST(MasterCrash, AStoppedChildGoesToo) {
  const TemporaryDirectory data;
  {
    ServerProcess server(data, {"--workers", "2"});
    freeze(server.worker_pid(0));
    server.kill_master();
    server.expect_group_gone();
  }
  const ServerProcess again(data, {"--workers", "2"});
}

}  // namespace
}  // namespace rookery::system_test
