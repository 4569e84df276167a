// The fault points themselves: a server for people has none, the one for tests does what it is told.
#include <gmock/gmock.h>
#include <sysexits.h>

#include "tests/support/driven_programs.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

TEST(FaultPoints, AServerForPeopleRefusesThem) {
  const TemporaryDirectory data, files;
  ChildProgram program({{test::program("rookery-master"), "--port", "0", "--data", data.path().string()},
                        files.path(),
                        std::nullopt,
                        {"ROOKERY_FAULT=worker.after_recv:kill9"}});
  EXPECT_EQ(program.wait(), EX_CONFIG);
  EXPECT_THAT(program.errors(), testing::HasSubstr("this server has no fault points"));
}

TEST(FaultPoints, NonsenseIsRefused) {
  const TemporaryDirectory data;
  for (const char* rule : {"worker.after_recv", "nowhere:kill9", "worker.after_recv:die", "worker.after_recv:kill9:0",
                           "store.write:errno:EWHAT", "worker.in_send:sleep"}) {
    const TemporaryDirectory files;
    ChildProgram program({{test::program("rookery-master-faulty"), "--port", "0", "--data", data.path().string()},
                          files.path(),
                          std::nullopt,
                          {"ROOKERY_FAULT=" + std::string(rule)}});
    EXPECT_EQ(program.wait(), EX_CONFIG) << rule;
    EXPECT_THAT(program.errors(), testing::HasSubstr(rule));
  }
}

TEST(FaultPoints, TheNthCounts) {
  FaultSwitch faults("worker.after_parse:kill9:3");
  ServerProcess server(faults, {"--workers", "1"});
  server.expect_alerts();
  const pid_t victim = server.worker_pid(0);
  TextClient client(server.port());
  EXPECT_EQ(client.ask("one"), "Echo: one");
  EXPECT_EQ(client.ask("two"), "Echo: two");
  EXPECT_EQ(faults.fired(), 0u);
  EXPECT_EQ(client.ask("three"), "Echo: three") << "by the next worker";
  EXPECT_EQ(faults.fired(), 1u);
  server.wait_until_all_serve({victim});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask("four"), "Echo: four");
  EXPECT_EQ(faults.fired(), 1u);
}

}  // namespace
}  // namespace rookery::system_test
