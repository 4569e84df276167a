// Metrics as Prometheus finds them: the text is what the format demands, and the numbers are what was really done.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/scrape.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

class Metrics : public testing::Test {
 protected:
  static std::vector<std::string> arguments(const char* workers = "2") {
    return {"--workers", workers, "--metrics", "127.0.0.1:0"};
  }
};

// The child of the master that is neither a worker nor the ledger.
pid_t exporter_pid(const ServerProcess& server) {
  const auto rows = server.processes();
  for (const Process& child : children_of(server.pid())) {
    const bool listed =
        std::any_of(rows.begin(), rows.end(), [&](const ProcessRow& row) { return row.pid == child.pid; });
    if (!listed && child.state != 'Z') return child.pid;
  }
  return 0;
}

TEST_F(Metrics, CountWhatWasDone) {
  ServerProcess server(arguments());
  const std::string where = metrics_address(server);
  const Scrape before = scrape_metrics(where);
  make_account(server, "alice");
  auto people = one_client_on_each_worker(server, 2);

  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  TextClient guesser(server.port());
  EXPECT_THAT(guesser.ask("/login alice not-her-password"), HasSubstr("bad-credentials"));
  // Those who only came to make an account or to find a worker would hear the first message.
  eventually("the others have left", [&] {
    const Scrape seen = scrape_metrics(where);
    return seen.sum("rookery_clients") == static_cast<double>(people.size() + 2) &&
           seen.sum("rookery_sockets_held") == static_cast<double>(people.size() + 2);
  });
  // What was said to find the workers is counted by now: these are later turns.
  for (Seated& person : people) person.client->sync();
  const double said_already = scrape_metrics(where).sum("rookery_messages_total");
  const double delivered_already = scrape_metrics(where).sum("rookery_deliveries_total");
  constexpr int kMessages = 20;
  for (int i = 0; i < kMessages; ++i) ASSERT_THAT(alice.ask("/b hello"), HasSubstr("OK"));
  for (Seated& person : people) person.client->sync();
  guesser.sync();
  alice.sync();

  // A loop counts at the end of its turn.
  const double deliveries = kMessages * static_cast<double>(people.size() + 2);
  eventually("all deliveries are counted",
             [&] { return scrape_metrics(where).sum("rookery_deliveries_total") - delivered_already >= deliveries; });
  const Scrape now = scrape_metrics(where);
  EXPECT_EQ(now.sum("rookery_messages_total") - said_already, kMessages);
  EXPECT_EQ(now.sum("rookery_deliveries_total") - delivered_already, deliveries);
  EXPECT_EQ(now.sum("rookery_logins_total", {{"result", "good"}}), 1);
  EXPECT_EQ(now.sum("rookery_logins_total", {{"result", "bad"}}), 1);
  EXPECT_EQ(now.sum("rookery_registrations_total"), 1);
  EXPECT_EQ(now.sum("rookery_password_hash_seconds_count"), 3);
  EXPECT_GT(now.sum("rookery_password_hash_seconds_sum"), 0);
  EXPECT_EQ(now.sum("rookery_clients", {{"dialect", "text"}}), 2);
  EXPECT_EQ(now.sum("rookery_clients", {{"dialect", "json"}}), static_cast<double>(people.size()));
  EXPECT_EQ(now.sum("rookery_sockets_held"), static_cast<double>(people.size() + 2));
  EXPECT_GE(now.sum("rookery_connections_accepted_total"), static_cast<double>(people.size() + 3));
  EXPECT_GT(now.sum("rookery_received_bytes_total"), before.sum("rookery_received_bytes_total") + kMessages * 9);
  EXPECT_GT(now.sum("rookery_sent_bytes_total"), before.sum("rookery_sent_bytes_total"));
  EXPECT_GE(now.sum("rookery_ledger_batch_records_sum"), before.sum("rookery_ledger_batch_records_sum") + kMessages);
  EXPECT_GT(now.sum("rookery_ledger_commit_seconds_sum"), 0);
  EXPECT_GE(now.sum("rookery_newest_seq"), kMessages);
  EXPECT_EQ(now.sum("rookery_log_ring_undurable_bytes"), 0) << "all was acknowledged";
  EXPECT_EQ(now.sum("rookery_processes", {{"role", "worker"}, {"state", "serving"}}), 2);
  EXPECT_EQ(now.sum("rookery_healthy"), 1);
  EXPECT_GT(now.sum("rookery_store_bytes", {{"file", "wal"}}), 0);
  EXPECT_GT(now.sum("rookery_data_free_bytes"), 0);
  people.clear();
  eventually("those who left are not counted", [&] {
    return scrape_metrics(where).sum("rookery_clients", {{"dialect", "json"}}) == 0;
  });
}

TEST_F(Metrics, AKilledWorkerIsARestartAndATakeoverAndNoCounterFallsBack) {
  ServerProcess server(arguments());
  const std::string where = metrics_address(server);
  auto people = one_client_on_each_worker(server, 2);
  const double clients = static_cast<double>(people.size());
  for (Seated& person : people)
    ASSERT_EQ(person.client->ask({{"op", "say"}, {"room", "#lobby"}, {"text", "x"}})["ok"], true);
  for (Seated& person : people) person.client->sync();
  const Scrape before = scrape_metrics(where);
  const std::string number = std::to_string(people.front().worker);
  const double of_the_dead = before.sum("rookery_clients", {{"worker", number}});
  ASSERT_GT(of_the_dead, 0);

  const pid_t victim = server.worker_pid(static_cast<int>(people.front().worker));
  server.kill_child(victim);
  server.wait_until_all_serve({victim});
  for (Seated& person : people) person.client->sync();
  server.expect_alerts();

  const Scrape after = scrape_metrics(where);
  EXPECT_EQ(after.sum("rookery_restarts_total", {{"role", "worker"}, {"cause", "signal"}}), 1);
  EXPECT_EQ(after.sum("rookery_restarts_total"), 1);
  EXPECT_EQ(after.sum("rookery_clients_taken_over_total"), of_the_dead);
  EXPECT_EQ(after.sum("rookery_clients_given_up_total"), 0);
  EXPECT_EQ(after.sum("rookery_takeover_pause_seconds_count"), 1);
  EXPECT_GT(after.sum("rookery_takeover_pause_longest_seconds"), 0);
  EXPECT_EQ(after.sum("rookery_takeover_pause_longest_seconds"), after.sum("rookery_takeover_pause_seconds_sum"));
  EXPECT_EQ(after.sum("rookery_clients"), clients) << "all are still there, and nobody twice";
  for (const auto& [name, family] : before.families)
    if (family.type == "counter") {
      EXPECT_GE(after.sum(name), before.sum(name)) << name;
    }
  EXPECT_EQ(after.sum("rookery_messages_total"), before.sum("rookery_messages_total"));
}

TEST_F(Metrics, TheExporterMayDieAndNobodyNotices) {
  ServerProcess server(arguments("1"));
  const std::string where = metrics_address(server);
  JsonClient client(server.port());
  client.sync();
  const pid_t first = exporter_pid(server);
  ASSERT_NE(first, 0);
  eventually("it serves", [&] { return http_get(where, "/").status == 200; });  // before, it has what the master has
  for (const MappedRegion& region : mapped_regions(first)) {
    EXPECT_FALSE(region.writable) << region.name;
    EXPECT_THAT(region.name, testing::Not(HasSubstr("rookery-users"))) << "there are password hashes in it";
  }
  EXPECT_TRUE(open_regions(first).empty());

  ASSERT_EQ(::kill(first, SIGKILL), 0);
  eventually("another one answers", [&] {
    const pid_t now = exporter_pid(server);
    return now != 0 && now != first && http_get(where, "/").status == 200;
  });
  EXPECT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "x"}})["ok"], true);
  EXPECT_EQ(server.client_count(), 1U);
  EXPECT_EQ(scrape_metrics(where).sum("rookery_restarts_total", {{"role", "exporter"}, {"cause", "signal"}}), 1);
}

TEST_F(Metrics, GoOnAcrossAnUpgrade) {
  ServerProcess server(arguments());
  const std::string where = metrics_address(server);
  auto people = one_client_on_each_worker(server, 2);
  const Scrape before = scrape_metrics(where);
  const pid_t first = exporter_pid(server);
  ASSERT_THAT(server.console("upgrade"), HasSubstr("OK upgraded"));
  const Scrape after = scrape_metrics(where);
  EXPECT_NE(exporter_pid(server), first);
  for (const auto& [name, family] : before.families)
    if (family.type == "counter") {
      EXPECT_GE(after.sum(name), before.sum(name)) << name;
    }
  EXPECT_EQ(after.sum("rookery_start_time_seconds"), before.sum("rookery_start_time_seconds"));
  EXPECT_EQ(after.sum("rookery_clients"), static_cast<double>(people.size()));
  EXPECT_EQ(after.sum("rookery_restarts_total"), 0) << "nobody has crashed";
  for (Seated& person : people) person.client->sync();
}

TEST_F(Metrics, AtAUnixSocketThatGoesWithTheServer) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "m.sock").string();
  {
    ServerProcess server({"--workers", "1", "--metrics", "unix:" + path});
    EXPECT_EQ(metrics_address(server), "unix:" + path);
    EXPECT_EQ(scrape_metrics("unix:" + path).sum("rookery_healthy"), 1);
    const FailedStart second = run_server_to_its_end({"--workers", "1", "--metrics", "unix:" + path});
    EXPECT_EQ(second.exit_code, 69);
    EXPECT_THAT(second.errors, HasSubstr("another program listens there"));
    EXPECT_EQ(http_get("unix:" + path, "/healthz").status, 200) << "the first one goes on";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Metrics, AtAPortThatIsTaken) {
  const ServerProcess server(arguments("1"));
  const FailedStart second = run_server_to_its_end({"--workers", "1", "--metrics", metrics_address(server)});
  EXPECT_EQ(second.exit_code, 69);
  EXPECT_THAT(second.errors, HasSubstr("--metrics " + metrics_address(server)));
}

TEST_F(Metrics, TheExporterDiesWithTheMaster) {
  ServerProcess server(arguments("1"));
  EXPECT_EQ(http_get(metrics_address(server), "/").status, 200);
  server.kill_master();
  server.expect_group_gone();
}

TEST_F(Metrics, OffUnlessAskedFor) {
  const ServerProcess server({"--workers", "1"});
  EXPECT_THAT(server.log(), testing::Not(HasSubstr("metrics at")));
  EXPECT_EQ(exporter_pid(server), 0);
}

TEST_F(Metrics, TellStrangersWhatTheyMayAskFor) {
  const ServerProcess server(arguments("1"));
  const std::string where = metrics_address(server);
  EXPECT_THAT(http_get(where, "/metrics").head, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(http_get(where, "/").body, HasSubstr("/metrics"));
  EXPECT_EQ(http_get(where, "/etc/passwd").status, 404);
  EXPECT_EQ(http_exchange(where, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx").status, 405);
  const HttpReply head = http_exchange(where, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

TEST_F(Metrics, AreServedWhileOthersSendGarbageOrNothing) {
  const ServerProcess server(arguments("1"));
  const std::string where = metrics_address(server);
  const pid_t exporter = exporter_pid(server);
  std::vector<int> idle;
  for (int i = 0; i < 40; ++i) {  // more than are served at a time
    idle.push_back(connect_to(where));
    const std::string_view text = i % 2 == 0 ? "GET /metrics HTTP/1.1\r\nX: " : "";
    static_cast<void>(::send(idle.back(), text.data(), text.size(), MSG_NOSIGNAL));
  }
  EXPECT_EQ(http_get(where, "/metrics").status, 200) << "when the first of them have used up their time";
  for (const int socket : idle) ::close(socket);
  std::string garbage(100'000, '\0');
  for (std::size_t i = 0; i < garbage.size(); ++i) garbage[i] = static_cast<char>(i * 7 + i / 251);
  EXPECT_NE(http_exchange(where, garbage).status, 200);
  EXPECT_NE(http_exchange(where, "GET /metrics HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n").status, 200);
  EXPECT_EQ(http_get(where, "/metrics").status, 200);
  EXPECT_EQ(exporter_pid(server), exporter) << "and it has not died of it";
}

}  // namespace
}  // namespace rookery::system_test
