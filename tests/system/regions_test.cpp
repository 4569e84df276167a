// The rule that makes a kill harmless: every region of shared memory has one process that can write it.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

// Who is allowed to write what: the ledger its three, worker N its own, the master its own.
void expect_one_writer_each(const ServerProcess& server) {
  std::map<pid_t, std::set<std::string>> own{{server.pid(), {"rookery-master"}}};
  std::size_t workers = 0;
  for (const ProcessRow& row : server.processes()) {
    if (row.role == "ledger") {
      own[row.pid] = {"rookery-log", "rookery-ledger", "rookery-users"};
    } else {
      own[row.pid] = {"rookery-worker-" + std::to_string(row.number)};
      ++workers;
    }
  }
  std::set<std::string> written;
  for (const auto& [pid, names] : own) {
    std::set<std::string> mapped_writable;
    for (const MappedRegion& region : mapped_regions(pid))
      if (region.writable) mapped_writable.insert(region.name);
    EXPECT_EQ(mapped_writable, names) << "mapped writable by " << pid << (pid == server.pid() ? ", the master" : "");
    written.insert(mapped_writable.begin(), mapped_writable.end());
    EXPECT_FALSE(maps_anything_under(pid, "/dev/shm"));
    if (pid == server.pid()) continue;  // holds the descriptors for those it will start, and maps only its own
    for (const OpenRegion& region : open_regions(pid))
      EXPECT_TRUE(!region.writable || names.contains(region.name))
          << pid << " has a writable descriptor of " << region.name;
  }
  EXPECT_EQ(written.size(), 4 + workers);
}

TEST(Regions, HaveOneWriterEach) {
  const ServerProcess server({"--workers", "3"});
  expect_one_writer_each(server);
}

TEST(Regions, HaveOneWriterEachAfterRestartsToo) {
  ServerProcess server({"--workers", "2", "--loops", "2"});
  for (const pid_t victim : {server.worker_pid(0), server.ledger_pid()}) {
    server.kill_child(victim);
    server.wait_until_all_serve({victim});
  }
  expect_one_writer_each(server);
}

TEST(Regions, AClientsSocketIsInItsWorkerAndInTheMaster) {
  const ServerProcess server({"--workers", "1"});
  const std::size_t in_ledger = descriptor_count(server.ledger_pid());
  const std::size_t in_worker = descriptor_count(server.worker_pid(0));
  const std::size_t in_master = descriptor_count(server.pid());
  std::vector<std::unique_ptr<TextClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<TextClient>(server.port()));
    clients.back()->sync();
  }
  EXPECT_EQ(descriptor_count(server.ledger_pid()), in_ledger);
  EXPECT_EQ(descriptor_count(server.worker_pid(0)), in_worker + clients.size());
  eventually("the master has a duplicate of each",
             [&] { return descriptor_count(server.pid()) == in_master + clients.size(); });
  clients.clear();
  eventually("and keeps none of who has gone", [&] { return descriptor_count(server.pid()) == in_master; });
  EXPECT_EQ(descriptor_count(server.worker_pid(0)), in_worker);
}

}  // namespace
}  // namespace rookery::system_test
