// Clients whose worker is gone and whose next one is not there yet: the master has their connections, the operator sees
// them, once each, and nothing happens to them.
#include <gmock/gmock.h>

#include <csignal>
#include <functional>
#include <set>
#include <sstream>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

// The ids in the table of `list`; fails when one stands there twice.
std::set<std::uint64_t> listed(const ServerProcess& server) {
  std::set<std::uint64_t> ids;
  std::istringstream lines(server.console("list"));
  std::string line;
  std::getline(lines, line);  // headings
  while (std::getline(lines, line) && !line.starts_with("OK"))
    EXPECT_TRUE(ids.insert(std::stoull(line)).second) << "listed twice: " << line;
  EXPECT_EQ(line, "OK " + std::to_string(ids.size()) + " clients");
  return ids;
}

// Theirs alone: those who were there to find the seats have gone, and the server has seen it.
std::set<std::uint64_t> ids_of(const ServerProcess& server, const std::vector<Seated>& seated) {
  std::set<std::uint64_t> ids;
  for (const Seated& each : seated) ids.insert(each.id);
  eventually("the others have gone", [&] { return listed(server) == ids; });
  return ids;
}

ProcessRow row_of(const ServerProcess& server, int worker) {
  for (const ProcessRow& row : server.processes())
    if (row.role == "worker" && row.number == worker) return row;
  return {};
}

std::uint64_t on_worker(const std::vector<Seated>& seated, std::uint32_t worker) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(seated, [&](const Seated& each) { return each.worker == worker; }));
}

// Until the next one is at the fault that is set for its start.
void kill_worker_0(ServerProcess& server, const FaultSwitch& faults) {
  server.kill_child(server.worker_pid(0));
  eventually("the next one is on its way", [&] { return faults.fired() > 0; });
}

TEST(Custody, WhoWaitsForASuccessorIsStillThere) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "1"});
  std::vector<Seated> seated;
  for (int i = 0; i < 3; ++i)
    for (Seated& each : one_client_on_each_worker(server, 1)) seated.push_back(std::move(each));
  const auto ids = ids_of(server, seated);
  faults.set("worker.at_start:stop");
  kill_worker_0(server, faults);
  EXPECT_EQ(row_of(server, 0).state, "starting");
  EXPECT_EQ(row_of(server, 0).clients, ids.size());
  EXPECT_EQ(listed(server), ids);
  EXPECT_EQ(server.console("count"), "OK 3 clients\n");
  faults.clear();
  server.signal_child(server.worker_pid(0), SIGCONT);
  expect_all_chat(seated);
  EXPECT_EQ(listed(server), ids);
}

// Drains worker 0, and does `meanwhile` as soon as it has gone: its clients are then on their way.
void drain_worker_0(const ServerProcess& server, const std::function<void()>& meanwhile) {
  std::string drained;
  in_threads(2, [&](std::size_t i) {
    if (i == 0) {
      drained = server.console("drain 0");
      return;
    }
    eventually("worker 0 has gone", [&] { return row_of(server, 0).pid == 0; });
    meanwhile();
  });
  EXPECT_EQ(drained, "OK drained 0\n");
}

// One that was killed, and one that is to hand over; those who get their clients are slow to say so.
TEST(Custody, WhoIsOnTheWayToAnotherWorkerIsShownOnce) {
  ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  const auto ids = ids_of(server, seated);
  const std::uint64_t moving = on_worker(seated, 0);
  const pid_t adopter = server.worker_pid(1);
  server.signal_child(adopter, SIGSTOP);
  drain_worker_0(server, [&] {
    EXPECT_EQ(row_of(server, 0).state, "draining");
    EXPECT_EQ(row_of(server, 0).clients, moving);
    EXPECT_EQ(listed(server), ids);
    server.signal_child(adopter, SIGCONT);
  });
  expect_all_chat(seated);
  EXPECT_EQ(listed(server), ids);
  EXPECT_EQ(row_of(server, 1).clients, ids.size());
}

TEST(Custody, IfTheAdopterDiesTooAnotherOneCarriesOn) {
  ServerProcess server({"--workers", "3"});
  auto seated = one_client_on_each_worker(server, 3);
  const auto ids = ids_of(server, seated);
  const pid_t adopter = server.worker_pid(1);
  server.signal_child(adopter, SIGSTOP);
  server.signal_child(server.worker_pid(2), SIGSTOP);  // so that worker 1 has some to adopt, whoever has how many
  drain_worker_0(server, [&] {
    server.kill_child(adopter);
    server.signal_child(server.worker_pid(2), SIGCONT);
  });
  expect_all_chat(seated);
  EXPECT_EQ(listed(server), ids);
}

TEST(Custody, AKickReachesWhoeverIsOnTheWay) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "1"});
  auto seated = one_client_on_each_worker(server, 1);
  faults.set("worker.at_start:sleep:300");
  kill_worker_0(server, faults);
  const std::string id = std::to_string(seated[0].id);
  EXPECT_EQ(server.console("kick " + id + " not even now"), "OK kicked " + id + "\n");
  EXPECT_THROW(for (;;) static_cast<void>(seated[0].client->read_line()), Closed);
  eventually("it is gone", [&] { return server.console("count") == "OK 0 clients\n"; });
}

TEST(Custody, AStopEndsThoseWhoWaitAsWell) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "1"});
  auto seated = one_client_on_each_worker(server, 1);
  faults.set("worker.at_start:sleep:1000");
  kill_worker_0(server, faults);
  EXPECT_EQ(server.console("exit"), "OK stopping\n");
  EXPECT_THROW(for (;;) static_cast<void>(seated[0].client->read_line()), Closed);
  ASSERT_TRUE(server.program().wait().has_value());
}

}  // namespace
}  // namespace rookery::system_test
