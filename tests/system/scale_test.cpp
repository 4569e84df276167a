// What an operator plans: draining workers, more of them, fewer. Nobody who chats loses the connection, and what makes
// no sense is refused in words.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<ProcessRow> workers_of(const ServerProcess& server) {
  std::vector<ProcessRow> rows = server.processes();
  std::erase_if(rows, [](const ProcessRow& row) { return row.role != "worker"; });
  return rows;
}

std::ptrdiff_t serving(const ServerProcess& server) {
  return std::ranges::count(workers_of(server), "serving", &ProcessRow::state);
}

TEST(Scale, WhatMakesNoSenseIsRefusedInWords) {
  ServerProcess server({"--workers", "2", "--max-workers", "4"});
  EXPECT_THAT(server.ready_line(), HasSubstr(" workers=2 "));
  EXPECT_THAT(server.console("help"), AllOf(HasSubstr("drain SLOT"), HasSubstr("scale N")));
  for (const char* line : {"drain", "drain x", "drain 1x", "drain -1", "drain 0 1"})
    EXPECT_EQ(server.console(line), "ERR bad-argument usage: drain SLOT\n") << line;
  for (const char* line : {"scale", "scale +1", "scale two", "scale 2 3"})
    EXPECT_EQ(server.console(line), "ERR bad-argument usage: scale N\n") << line;
  EXPECT_EQ(server.console("drain 4"), "ERR no-such-worker workers have numbers from 0 to 3\n");
  EXPECT_EQ(server.console("drain 18446744073709551615"), "ERR no-such-worker workers have numbers from 0 to 3\n");
  EXPECT_EQ(server.console("drain 3"), "ERR not-serving worker 3 is not running\n");
  for (const char* line : {"scale 0", "scale 5", "scale 18446744073709551615"})
    EXPECT_EQ(server.console(line), "ERR bad-argument there can be 1 to 4 workers (--max-workers)\n") << line;
  EXPECT_EQ(server.console("scale 2"), "OK 2 workers\n") << "it is so already";
  EXPECT_EQ(workers_of(server).size(), 2U);
}

TEST(Scale, ADrainedWorkersClientsGoOnWithTheOthers) {
  ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  const std::size_t clients = seated.size();
  EXPECT_EQ(server.console("drain 1"), "OK drained 1\n");
  expect_all_chat(seated);
  auto rows = workers_of(server);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].state, "drained");
  EXPECT_EQ(rows[1].pid, 0);
  EXPECT_EQ(rows[0].clients, clients);
  EXPECT_EQ(server.console("count"), "OK " + std::to_string(clients) + " clients\n");
  {
    // What the drained worker left in shared memory counts for nobody.
    TextClient observer(server.port());
    const std::string all = std::to_string(clients + 1);
    eventually("the list has each client once",
               [&] { return observer.ask_lines("/list").back() == "OK " + all + " clients"; });
    EXPECT_EQ(observer.ask_lines("/rooms").front(), "#lobby " + all);
  }
  eventually("the observer has gone", [&] { return server.client_count() == clients; });
  EXPECT_EQ(server.console("drain 1"), "ERR not-serving worker 1 is drained\n");
  EXPECT_EQ(server.console("drain 0"), "ERR last-worker no other worker serves that could take its clients\n");

  EXPECT_EQ(server.console("scale 2"), "OK 2 workers\n") << "it brings drained workers back";
  EXPECT_EQ(serving(server), 2);
  EXPECT_EQ(server.console("drain 0"), "OK drained 0\n");
  expect_all_chat(seated);
  EXPECT_EQ(workers_of(server)[1].clients, clients);
}

TEST(Scale, TheOnlyWorkerStays) {
  ServerProcess server({"--workers", "1"});
  EXPECT_EQ(server.console("drain 0"), "ERR last-worker no other worker serves that could take its clients\n");
  EXPECT_EQ(serving(server), 1);
}

TEST(Scale, MoreAndFewerWorkersWithoutLosingAnybody) {
  ServerProcess server({"--workers", "1"});
  auto seated = one_client_on_each_worker(server, 1);
  EXPECT_EQ(server.console("scale 4"), "OK 4 workers\n");
  EXPECT_EQ(serving(server), 4);
  auto more = one_client_on_each_worker(server, 4);
  std::move(more.begin(), more.end(), std::back_inserter(seated));
  for (const int workers : {2, 6, 1, 3}) {
    EXPECT_EQ(server.console("scale " + std::to_string(workers)), "OK " + std::to_string(workers) + " workers\n");
    const auto rows = workers_of(server);
    EXPECT_EQ(rows.size(), static_cast<std::size_t>(workers)) << "who went is not in the table any more";
    for (const ProcessRow& row : rows) EXPECT_EQ(row.state, "serving");
    expect_all_chat(seated);
    EXPECT_EQ(server.client_count(), seated.size());
  }
}

TEST(Scale, SignalsAskForOneMoreAndOneLess) {
  ServerProcess server({"--workers", "2", "--max-workers", "3"});
  ASSERT_EQ(::kill(server.pid(), SIGTTIN), 0);
  eventually("there is one more", [&] { return serving(server) == 3; });
  ASSERT_EQ(::kill(server.pid(), SIGTTIN), 0);
  eventually("more than there may be is refused",
             [&] { return server.log().find("(--max-workers)") != std::string::npos; });
  for (std::size_t fewer : {2U, 1U}) {
    ASSERT_EQ(::kill(server.pid(), SIGTTOU), 0);
    eventually("there is one less", [&] { return workers_of(server).size() == fewer; });
  }
  EXPECT_EQ(serving(server), 1);
}

TEST(Scale, TwoOperatorsAtOnce) {
  ServerProcess server({"--workers", "3"});
  std::array<std::string, 2> answers;
  in_threads(2, [&](std::size_t i) { answers[i] = server.console("drain 2"); });
  std::ranges::sort(answers);
  EXPECT_THAT(answers[0], StartsWith("ERR not-serving worker 2 is drain"));
  EXPECT_EQ(answers[1], "OK drained 2\n");
  in_threads(2, [&](std::size_t i) { answers[i] = server.console(i == 0 ? "scale 1" : "scale 5"); });
  for (const std::string& answer : answers)
    EXPECT_THAT(answer, testing::AnyOf(StartsWith("OK "), StartsWith("ERR overtaken ")));
  EXPECT_EQ(server.console("scale 2"), "OK 2 workers\n");
  EXPECT_EQ(serving(server), 2);
}

TEST(Scale, AWorkerThatIsParkedCannotBeDrainedButScaledAway) {
  ServerProcess server({"--workers", "2"});
  std::vector<pid_t> victims;
  for (int deaths = 0; deaths < 5; ++deaths) {
    server.wait_until_all_serve(victims);
    victims.push_back(server.worker_pid(1));
    server.kill_child(victims.back());
  }
  eventually("it is parked", [&] { return workers_of(server)[1].state == "parked"; });
  EXPECT_EQ(server.console("drain 1"), "ERR not-serving worker 1 is parked\n");
  EXPECT_EQ(server.console("scale 1"), "OK 1 workers\n");
  EXPECT_EQ(workers_of(server).size(), 1U);
  EXPECT_EQ(server.console("scale 2"), "OK 2 workers\n") << "who asks for it gets a new try at once";
}

TEST(Scale, NotWhileItStops) {
  ServerProcess server({"--workers", "2", "--shutdown-timeout", "3"});
  server.signal_child(server.worker_pid(1), SIGSTOP);  // so that it takes a while
  EXPECT_EQ(server.console("exit"), "OK stopping\n");
  EXPECT_EQ(server.console("scale 3"), "ERR shutting-down the server is stopping\n");
  EXPECT_EQ(server.console("drain 0"), "ERR shutting-down the server is stopping\n");
  server.expect_exit_code(70);
  server.expect_alerts();
  ASSERT_TRUE(server.program().wait().has_value());
}

TEST(Scale, WhoWaitsForAnAnswerHearsOfTheStop) {
  ServerProcess server({"--workers", "2", "--shutdown-timeout", "3"});
  server.signal_child(server.worker_pid(1), SIGSTOP);  // it does not hear that it is to hand over
  std::string answer;
  in_threads(2, [&](std::size_t i) {
    if (i == 0) {
      answer = server.console("drain 1");
    } else {
      eventually("it is drained", [&] { return workers_of(server)[1].state == "draining"; });
      EXPECT_EQ(server.console("exit"), "OK stopping\n");
    }
  });
  EXPECT_THAT(answer, StartsWith("ERR shutting-down "));
  server.expect_exit_code(70);
  server.expect_alerts();
  ASSERT_TRUE(server.program().wait().has_value());
}

}  // namespace
}  // namespace rookery::system_test
