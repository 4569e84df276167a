// The end at awkward moments: under load, with processes that do not play along, in the middle of a start. In good
// order: tests/system/stop_test.cpp.
#include <gmock/gmock.h>
#include <signal.h>

#include <system_error>

#include "tests/support/driven_programs.h"
#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

TEST(StopFaults, Row24_UnderLoadInTime) {
  const TemporaryDirectory data;
  LoadSetup setup;
  setup.posters = 12;
  setup.rooms = {"#lobby", "#den"};
  setup.with_account = 3;
  setup.broadcast_every = 9;
  std::unique_ptr<Load> load;
  {
    ServerProcess server(data, {"--workers", "3", "--shutdown-timeout", std::to_string(5 * kSlowness)});
    load = std::make_unique<Load>(server.port(), setup);
    load->wait_for_progress(20);
    server.program().signal(SIGTERM);
    load->wait_until_closed();
    eventually("nobody listens", [&] {
      try {
        const TextClient late(server.port());
        return late.local_port() == server.port();
      } catch (const std::system_error&) {
        return true;
      }
    });
    EXPECT_TRUE(server.program().wait().has_value());
    server.stop();  // exit code 0: within its time
  }
  for (const auto& poster : load->posters()) {
    EXPECT_TRUE(poster->was_closed()) << poster->name();
    EXPECT_TRUE(poster->was_told()) << poster->name();
  }
  const ServerProcess again(data, {"--workers", "1"});
  check_promises(*load, whole_history(again.port(), setup.rooms));
}

// One client that never reads, a worker in an endless loop, another one that stands still.
TEST(StopFaults, Row25_WithAllThatCanHoldItUp) {
  constexpr std::chrono::seconds kTimeout{2};
  const TemporaryDirectory data;
  FaultSwitch faults;
  std::unique_ptr<Load> load;
  {
    ServerProcess server(data, faults, {"--workers", "4", "--shutdown-timeout", std::to_string(kTimeout.count())});
    server.expect_exit_code(70);
    auto seated = one_client_on_each_worker(server, 4);
    JsonClient silent(server.port(), {.receive_buffer_bytes = 16 * 1024});
    silent.sync();
    load = std::make_unique<Load>(server.port(), 8);
    load->wait_for_progress(20);
    const std::string text(8000, 'x');
    for (int i = 0; i < 100; ++i) EXPECT_EQ(seated[2].client->ask({{"op", "broadcast"}, {"text", text}})["ok"], true);
    freeze(server.worker_pid(0));
    faults.set("worker.poison_line:spin");
    seated[1].client->send_json({{"op", "echo"}, {"text", "poison pill"}});
    eventually("a worker spins", [&] { return faults.fired() > 0; });
    const auto begin = Clock::now();
    server.stop();
    const auto took = Clock::now() - begin;
    EXPECT_GE(took, kTimeout - std::chrono::milliseconds{200}) << "it did not wait for them";
    EXPECT_LE(took, kTimeout + kPatience / 2) << "the deadline does not hold";
    load->wait_until_closed();
    EXPECT_THAT(server.log(), testing::HasSubstr("forced end"));
  }
  const ServerProcess again(data, {"--workers", "1"});
  check_promises(*load, whole_history(again.port(), "#lobby"));
}

TEST(StopFaults, Row26_TheSecondSignalEndsItAtOnce) {
  for (const int second : {SIGTERM, SIGINT}) {
    const TemporaryDirectory data;
    std::unique_ptr<Load> load;
    {
      ServerProcess server(data, {"--workers", "2", "--shutdown-timeout", kNeverForced});
      server.expect_exit_code(70);
      load = std::make_unique<Load>(server.port(), 4);
      load->wait_for_progress(20);
      freeze(server.worker_pid(0));
      server.program().signal(SIGTERM);
      eventually("it begins to stop", [&] { return server.log().find("stopping") != std::string::npos; });
      server.program().signal(second);
      EXPECT_TRUE(server.program().wait().has_value());
      load->wait_until_closed();
    }
    const ServerProcess again(data, {"--workers", "1"});
    check_promises(*load, whole_history(again.port(), "#lobby"));
  }
}

// The process at the point stands still, SIGTERM comes, and it goes on.
TEST(StopFaults, Row27_InTheMiddleOfAStart) {
  const TemporaryDirectory data;
  for (const char* point : {"master.after_bind:stop", "master.after_fork:stop:1", "master.after_fork:stop:2",
                            "master.after_fork:stop:3", "master.before_ready:stop", "ledger.at_start:stop",
                            "ledger.in_recovery:stop", "worker.at_start:stop:1", "worker.at_start:stop:2"}) {
    SCOPED_TRACE(point);
    const FaultSwitch faults(point);
    const TemporaryDirectory files;
    ChildProgram program(
        {{test::program("rookery-master-faulty"), "--port", "0", "--workers", "2", "--data", data.path().string()},
         files.path(),
         std::nullopt,
         {"ROOKERY_FAULT=" + faults.setting()}});
    const auto stands_still = [](const Process& process) { return process.state == 'T'; };
    eventually("a process stands still there",
               [&] { return std::ranges::any_of(processes_in_group(program.pid()), stands_still); });
    program.signal(SIGTERM);
    for (const Process& process : processes_in_group(program.pid()))
      if (stands_still(process)) ::kill(process.pid, SIGCONT);
    EXPECT_EQ(program.wait(), 0) << program.errors();
    EXPECT_TRUE(processes_in_group(program.pid()).empty());
    EXPECT_THAT(program.errors(), testing::Not(testing::HasSubstr("ALERT")));
  }
  const ServerProcess next(data, {"--workers", "2"});
  TextClient client(next.port());
  EXPECT_TRUE(client.ask("/say #lobby serving").starts_with("OK "));
}

TEST(StopFaults, Row27_WhileADeadLedgerIsReplaced) {
  const TemporaryDirectory data;
  for (const char* point : {"ledger.at_start:stop", "ledger.in_recovery:stop"}) {
    SCOPED_TRACE(point);
    FaultSwitch faults;
    std::unique_ptr<Load> load;
    {
      ServerProcess server(data, faults, {"--workers", "2", "--shutdown-timeout", "60"});
      load = std::make_unique<Load>(server.port(), 4, std::string("#room") + std::to_string(server.port()));
      load->wait_for_progress(20);
      faults.set(point);
      server.kill_child(server.ledger_pid());
      eventually("the next ledger stands still there", [&] { return faults.fired() > 0; });
      server.program().signal(SIGTERM);
      eventually("it begins to stop", [&] { return server.log().find("stopping") != std::string::npos; });
      for (const Process& process : children_of(server.pid())) ::kill(process.pid, SIGCONT);
      EXPECT_TRUE(server.program().wait().has_value());
      server.stop();  // exit code 0
      load->wait_until_closed();
    }
    const ServerProcess again(data, {"--workers", "1"});
    check_promises(*load, whole_history(again.port(), load->posters()[0]->rooms()[0]));
  }
}

}  // namespace
}  // namespace rookery::system_test
