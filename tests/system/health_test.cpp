// /healthz tells the truth: 503 whenever a message that is posted now would not be taken, and again 200 when it would.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/scrape.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

// What it must notice by itself; the freshness that it believes in is a second, that of heartbeats two.
const std::chrono::seconds kNoticed{4 * kSlowness};

class Healthz : public testing::Test {
 protected:
  explicit Healthz(const char* workers = "2")
      : server(faults, {"--workers", workers, "--metrics", "127.0.0.1:0"}), where(metrics_address(server)) {
    EXPECT_EQ(http_get(where, "/healthz").status, 200);
  }

  void expect_unhealthy(const std::string& why) const {
    HttpReply reply;
    eventually(
        "it is noticed", [&] { return (reply = http_get(where, "/healthz")).status == 503; }, kNoticed);
    EXPECT_THAT(reply.body, HasSubstr(why));
  }
  void expect_healthy_again() const {
    eventually("all is well again", [&] { return http_get(where, "/healthz").status == 200; });
  }
  [[nodiscard]] bool can_post() const {
    JsonClient client(server.port());
    return client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "x"}})["ok"] == true;
  }

  FaultSwitch faults;
  ServerProcess server;
  std::string where;
};

TEST_F(Healthz, AStoppedLedger) {
  const pid_t ledger = server.ledger_pid();
  freeze(ledger);
  expect_unhealthy("the ledger");
  ASSERT_EQ(::kill(ledger, SIGCONT), 0);
  expect_healthy_again();
  EXPECT_TRUE(can_post());
  server.expect_alerts();  // on a slow machine it may have been judged
}

TEST_F(Healthz, Row33_ADiskThatIsFullWhileNobodyPosts) {
  faults.set("store.write:errno:ENOSPC:1+");
  expect_unhealthy("the store cannot be written");
  EXPECT_FALSE(can_post()) << "so it is";
  EXPECT_EQ(http_get(where, "/healthz").status, 503);
  EXPECT_EQ(scrape_metrics(where).sum("rookery_store_failing"), 1);
  EXPECT_EQ(scrape_metrics(where).sum("rookery_healthy"), 0);
  EXPECT_GE(scrape_metrics(where).sum("rookery_ledger_groups_failed_total"), 1);
  faults.clear();
  expect_healthy_again();
  EXPECT_TRUE(can_post());
}

TEST_F(Healthz, Row33_AFullDiskThatGetsRoomAgainWhileNobodyPosts) {
  faults.set("store.write:errno:ENOSPC:1+");
  expect_unhealthy("the store cannot be written");
  faults.clear();
  expect_healthy_again();
  EXPECT_TRUE(can_post());
}

TEST_F(Healthz, AllWorkersStopped) {
  std::vector<pid_t> workers;
  for (int i = 0; i < 2; ++i) workers.push_back(server.worker_pid(i));
  freeze(workers[0]);
  EXPECT_EQ(http_get(where, "/healthz").status, 200) << "there is another one";
  freeze(workers[1]);
  expect_unhealthy("no worker serves");
  for (const pid_t worker : workers) ASSERT_EQ(::kill(worker, SIGCONT), 0);
  expect_healthy_again();
  server.expect_alerts();
}

TEST_F(Healthz, ALedgerThatDiesAgainAndAgain) {
  server.expect_alerts();
  faults.set("ledger.at_start:exit:3:1+");
  server.kill_child(server.ledger_pid());
  expect_unhealthy("ledger");
  eventually("it is parked", [&] { return server.log().find("ledger died too often") != std::string::npos; });
  eventually("and it is seen from outside",
             [&] { return http_get(where, "/healthz").body.find("read-only mode") != std::string::npos; });
  const Scrape scrape = scrape_metrics(where);
  EXPECT_EQ(scrape.sum("rookery_read_only"), 1);
  EXPECT_EQ(scrape.sum("rookery_processes", {{"role", "ledger"}, {"state", "parked"}}), 1);
  EXPECT_EQ(scrape.sum("rookery_restarts_total", {{"role", "ledger"}, {"cause", "signal"}}), 1);
  EXPECT_GE(scrape.sum("rookery_restarts_total", {{"role", "ledger"}, {"cause", "exit"}}), 3);
  server.expect_exit_code(70);
}

TEST_F(Healthz, AServerThatStops) {
  TextClient reader(server.port());
  reader.sync();
  freeze(server.worker_pid(0));
  freeze(server.worker_pid(1));
  server.expect_alerts();
  server.expect_exit_code(70);
  server.program().signal(SIGTERM);  // it waits for the workers, and then kills them
  expect_unhealthy("the server is stopping");
}

}  // namespace
}  // namespace rookery::system_test
