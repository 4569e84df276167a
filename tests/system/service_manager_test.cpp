// What systemd is told, over its own protocol and a real socket: when the server serves, is upgraded, stops; how many
// clients it has; that the master is alive.
#include <gmock/gmock.h>

#include <signal.h>
#include <algorithm>

#include "tests/master/ledger/old_store.h"
#include "tests/system/harness/console_socket.h"
#include "tests/system/harness/managed_server.h"
#include "tests/system/harness/notify_socket.h"
#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// A watchdog that is fed twice in this time.
constexpr std::chrono::milliseconds kWatchdog{2000};

std::string watchdog_variable() {
  return "WATCHDOG_USEC=" + std::to_string(std::chrono::microseconds(kWatchdog).count());
}

TEST(ServiceManager, IsToldTheWholeLife) {
  NotifySocket manager;
  ManagedServer server({.environment = {manager.variable()}});

  const std::string ready = manager.expect("READY=1");
  EXPECT_THAT(ready, HasSubstr("MAINPID=" + std::to_string(server.pid())));
  // Before it serves, no more than how far it is.
  const auto& messages = manager.messages();
  EXPECT_EQ(*std::ranges::find_if_not(messages, [](const std::string& said) { return said.starts_with("STATUS="); }),
            ready);
  {
    TextClient alice(server.port());
    EXPECT_EQ(alice.ask("hello"), "Echo: hello") << "ready is ready";
    manager.expect("STATUS=1 clients, 2 workers");
  }
  manager.expect("STATUS=0 clients, 2 workers");

  EXPECT_THAT(server.console("upgrade"), StartsWith("OK upgraded"));
  EXPECT_THAT(manager.expect("RELOADING=1"), HasSubstr("MONOTONIC_USEC="));
  EXPECT_THAT(manager.expect("READY=1"), HasSubstr("MAINPID=" + std::to_string(server.pid())));

  server.program().signal(SIGTERM);
  EXPECT_THAT(manager.expect("STOPPING=1"), HasSubstr("EXTEND_TIMEOUT_USEC="));
  EXPECT_EQ(server.program().wait(), 0);
}

TEST(ServiceManager, HearsOfAStoreThatTakesLongToOpen) {
  const test::TemporaryDirectory data;
  test::make_store_of_version_1(data.path());
  const FaultSwitch faults("store.migration:sleep:2500");
  NotifySocket manager;
  ManagedServer server({.environment = {manager.variable()}, .data = &data, .faults = &faults});
  manager.expect("READY=1");  // the last one that was received
  EXPECT_THAT(manager.messages(), testing::Contains(StartsWith("EXTEND_TIMEOUT_USEC=")));
  EXPECT_THAT(server.log(), HasSubstr("is at work on its store"));
}

TEST(ServiceManager, MayHaveAnAbstractAddress) {
  NotifySocket manager(NotifySocket::Kind::Abstract);
  ManagedServer server({.environment = {manager.variable()}});
  manager.expect("READY=1");
}

TEST(ServiceManager, HearsTheWatchdogFromALivingMasterAlone) {
  NotifySocket manager;
  ManagedServer server({.environment = {manager.variable(), watchdog_variable(), "WATCHDOG_PID=$$"}});
  manager.expect("WATCHDOG=1");
  const auto first = Clock::now();
  for (int i = 0; i < 3; ++i) manager.expect("WATCHDOG=1");
  // One and a half times the watchdog's time, less what the first was heard late.
  EXPECT_GE(Clock::now() - first, kWatchdog / 2) << "twice in its time, not all the time";

  server.program().signal(SIGSTOP);
  while (manager.next(kWatchdog / 4)) {
  }
  EXPECT_EQ(manager.next(kWatchdog), std::nullopt) << "a master that stands still feeds no watchdog";
  server.program().signal(SIGCONT);
  manager.expect("WATCHDOG=1");

  EXPECT_THAT(server.console("upgrade"), StartsWith("OK upgraded"));
  manager.expect("READY=1");
  manager.expect("WATCHDOG=1");
}

TEST(ServiceManager, IsFedNothingThatIsForAnotherProcess) {
  NotifySocket manager;
  ManagedServer server({.environment = {manager.variable(), watchdog_variable(), "WATCHDOG_PID=1"}});
  manager.expect("READY=1");
  const auto until = Clock::now() + kWatchdog;
  while (Clock::now() < until) {
    EXPECT_THAT(manager.next(kWatchdog / 10).value_or(""), testing::Not(HasSubstr("WATCHDOG")));
  }
}

TEST(ServiceManager, ThatDoesNotReadHoldsNobodyUp) {
  NotifySocket manager;
  manager.fill();
  ManagedServer server({.environment = {manager.variable(), watchdog_variable()}});
  TextClient alice(server.port());
  EXPECT_EQ(alice.ask("hello"), "Echo: hello");
  EXPECT_THAT(server.console("count"), HasSubstr("OK 1 clients"));
  EXPECT_THAT(manager.expect("READY=1"), HasSubstr("MAINPID=")) << "told as soon as it reads";
}

TEST(ServiceManager, ThatIsNotThereIsNoReasonNotToServe) {
  ManagedServer server({.environment = {"NOTIFY_SOCKET=/nowhere/to/be/found"}});
  TextClient alice(server.port());
  EXPECT_EQ(alice.ask("hello"), "Echo: hello");
}

}  // namespace
}  // namespace rookery::system_test
