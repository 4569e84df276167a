// Processes that are not ours: orphans handed to us, leftovers of a dead server, numbers that were given again. The
// numbers are those of the fault matrix.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/fault/rows/server_by_shell.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

TEST(Supervision, Row14_ALedgerThatStandsStillGoesWithItsMaster) {
  const TemporaryDirectory data;
  {
    ServerProcess server(data, {"--workers", "1"});
    make_account(server, "alice");
    freeze(server.ledger_pid());
    server.kill_master();
    server.expect_group_gone();
  }
  ServerProcess again(data, {"--workers", "1"});
  TextClient alice(again.port());
  alice.log_in("alice", kPassword);
}

// A process that the kernel did not take along, by whatever accident: whoever has the lock keeps everybody out.
TEST(Supervision, Row14_WhoeverIsLeftWithTheLockKeepsANewServerOut) {
  const TemporaryDirectory data;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  std::ofstream(data.path() / "lock") << dead << "\n";
  const pid_t orphan = ::fork();
  if (orphan == 0) {
    const int lock = ::open((data.path() / "lock").c_str(), O_RDWR);
    if (::flock(lock, LOCK_EX) != 0) ::_exit(1);
    for (;;) ::pause();
  }
  eventually("the orphan has the lock", [&] {
    const int lock = ::open((data.path() / "lock").c_str(), O_RDWR | O_CLOEXEC);
    const bool taken = ::flock(lock, LOCK_EX | LOCK_NB) != 0;
    ::close(lock);
    return taken;
  });
  freeze(orphan);
  const FailedStart start = run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--workers", "1"});
  EXPECT_EQ(start.exit_code, 69);
  EXPECT_THAT(start.errors, testing::AllOf(HasSubstr("pid " + std::to_string(dead) + " is gone"),
                                           HasSubstr("process " + std::to_string(orphan) + " is left")));
  ::kill(orphan, SIGKILL);
  ::waitpid(orphan, nullptr, 0);
  const ServerProcess server(data, {"--workers", "1"});
}

// A shell leaves processes without a parent, and then becomes the master, to whom they are handed.
TEST(Supervision, Row20_AStrangersExitCodeMeansNothing) {
  ServerByShell server(R"((sh -c 'sleep 0.5; exit 3' &) ; exec "$@")", {"--workers", "2", "--log-level", "debug"},
                       ServerByShell::Adopts::Yes);
  server.wait_until_ready();
  eventually("the stranger is reaped", [&] { return server.log().find("was no child of ours") != std::string::npos; });
  EXPECT_EQ(server.log().find("ended: exit code 3"), std::string::npos);
  EXPECT_THAT(server.console("workers"), HasSubstr("OK 2 workers"));
  EXPECT_EQ(server.restarts(), 0u);
  EXPECT_EQ(server.stop(), 0);
}

TEST(Supervision, Row21_OrphansAreReapedAndNoneIsTakenForAWorker) {
  ServerByShell server(
      R"(for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.$i &) ; (sh -c 'sleep 0.5; kill -9 $$' &) ; done ; exec "$@")",
      {"--workers", "2"}, ServerByShell::Adopts::Yes);
  server.wait_until_ready();
  const auto strangers = [&] { return children_of(server.pid()).size() - 3; };
  eventually("all are reaped", [&] { return strangers() == 0; });
  EXPECT_EQ(server.restarts(), 0u);
  // One of ours among strangers is known for what it is.
  const pid_t victim = server.pid_of("worker 0");
  ::kill(victim, SIGKILL);
  eventually("it is replaced", [&] { return server.restarts() == 1 && server.pid_of("worker 0") != victim; });
  EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace rookery::system_test
