// TCP urgent data, which telnet sends for ^C, and a worker that goes meanwhile. To the server these are bytes like any
// others: they stand in the line that they were sent in. The client goes on at the right byte, and sees nothing of what
// others have sent.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <memory>
#include <sstream>

#include "tests/fault/rows/wild_worker.h"
#include "tests/system/harness/server_process.h"
#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kHalfLine(1030, 'h');  // too long for a small buffer
const std::string kUrgent(500, 'u');
constexpr std::string_view kTelnetInterrupt = "\xff\xf4\xff\xfd\x06";

enum class Going { Killed, Upgraded, Drained, ScaledDown };
constexpr const char* kGoings[] = {"Killed", "Upgraded", "Drained", "ScaledDown"};

struct Case {
  Going going;
  const char* model;
};
void PrintTo(const Case& which, std::ostream* out) {
  *out << kGoings[static_cast<std::size_t>(which.going)] << " " << which.model;
}

// Whole lines over all of an input buffer, which the next connection gets.
void fill_buffers(const ServerProcess& server) {
  constexpr int kLines = 80;
  TextClient earlier(server.port());
  std::string lines;
  for (int i = 0; i < kLines; ++i) lines += "stale " + std::string(40, 's') + "\n";
  earlier.send(lines);
  for (int i = 0; i < kLines; ++i) EXPECT_THAT(earlier.read_line(), StartsWith("Echo: stale"));
  earlier.close();
  eventually("it has left", [&] { return server.client_count() == 0; });
}

class Urgent : public testing::TestWithParam<Case> {
 protected:
  // A client of the worker that goes, on a server where others have been before.
  TextClient& connect() {
    for (int i = 0; i < kWorkers; ++i) fill_buffers(server_);
    while (worker_ < 0) {
      clients_.push_back(std::make_unique<TextClient>(server_.port()));
      EXPECT_EQ(clients_.back()->ask("before"), "Echo: before");
      std::uint64_t there = 0;
      for (const ProcessRow& row : server_.processes())
        if (row.role == "worker" && row.number == kGoes) there = row.clients;
      if (there > 0) worker_ = kGoes;
    }
    return *clients_.back();
  }

  void let_it_go() {
    switch (GetParam().going) {
      case Going::Killed: {
        const pid_t pid = server_.worker_pid(kGoes);
        server_.kill_child(pid);
        return server_.wait_until_all_serve({pid});
      }
      case Going::Upgraded:
        EXPECT_THAT(server_.console("upgrade"), StartsWith("OK upgraded"));
        return;
      case Going::Drained:
        EXPECT_THAT(server_.console("drain " + std::to_string(kGoes)), StartsWith("OK drained"));
        return;
      case Going::ScaledDown:
        EXPECT_THAT(server_.console("scale " + std::to_string(kGoes)), StartsWith("OK "));
        return;
    }
  }

  void expect_nothing_more(TextClient& client, std::size_t lines) {
    EXPECT_EQ(client.ask("the end"), "Echo: the end");
    EXPECT_EQ(client.lines().size(), lines + 1);
    EXPECT_THAT(client.lines(), Each(Not(HasSubstr("stale"))));
  }

  static constexpr int kWorkers = 2;
  static constexpr int kGoes = 1;
  ServerProcess server_{{"--workers", "2", "--model", GetParam().model}};
  std::vector<std::unique_ptr<TextClient>> clients_;
  int worker_ = -1;
};

TEST_P(Urgent, Row71_BehindAHalfLine) {
  TextClient& client = connect();
  client.send(kHalfLine);
  client.send_urgent(kUrgent);
  client.wait_until_taken();
  let_it_go();
  client.send("\nhello\n");
  EXPECT_EQ(client.read_line(), "Echo: " + kHalfLine + kUrgent);
  EXPECT_EQ(client.read_line(), "Echo: hello");
  expect_nothing_more(client, 3);
}

TEST_P(Urgent, Row71_BetweenLines) {
  TextClient& client = connect();
  client.send_urgent(kUrgent);
  client.wait_until_taken();
  let_it_go();
  client.send("\nhello\n");
  EXPECT_EQ(client.read_line(), "Echo: " + kUrgent);
  EXPECT_EQ(client.read_line(), "Echo: hello");
  expect_nothing_more(client, 3);
}

TEST_P(Urgent, Row71_AnInterruptOfTelnetCostsItsOwnLine) {
  TextClient& client = connect();
  std::size_t lines = 1;
  for (const bool gone : {false, true}) {
    client.send(kTelnetInterrupt.substr(0, 2));
    client.send_urgent(kTelnetInterrupt.substr(2, 1));
    client.send(kTelnetInterrupt.substr(3));
    client.wait_until_taken();
    if (gone) let_it_go();
    client.send("\nhello\n");
    EXPECT_THAT(client.read_line(), StartsWith("ERR bad-utf8"));
    EXPECT_EQ(client.read_line(), "Echo: hello");
    lines += 2;
  }
  expect_nothing_more(client, lines);
}

INSTANTIATE_TEST_SUITE_P(Takeover, Urgent,
                         testing::Values(Case{Going::Killed, "event"}, Case{Going::Upgraded, "event"},
                                         Case{Going::Drained, "event"}, Case{Going::ScaledDown, "event"},
                                         Case{Going::Killed, "thread-per-client"},
                                         Case{Going::Upgraded, "thread-per-client"}),
                         [](const auto& which) {
                           return std::string(kGoings[static_cast<std::size_t>(which.param.going)]) +
                                  (which.param.model == std::string_view("event") ? "" : "Thread");
                         });

// As an older server has accepted it: urgent bytes are passed over by recv(), and counted by the kernel.
class UrgentAsBefore : public testing::Test {
 protected:
  void take_urgent_out_of_line() {
    const int off = 0;
    const auto socket = connection_of(server_.worker_pid(0), client_.local_port());
    ASSERT_EQ(::setsockopt(socket.get(), SOL_SOCKET, SO_OOBINLINE, &off, sizeof off), 0);
  }
  void kill_worker() {
    const pid_t pid = server_.worker_pid(0);
    server_.kill_child(pid);
    server_.wait_until_all_serve({pid});
  }
  static ServerProcess& with_filled_buffers(ServerProcess& server) {
    fill_buffers(server);
    return server;
  }

  ServerProcess server_{{"--workers", "1"}};
  TextClient client_{with_filled_buffers(server_).port()};
};

TEST_F(UrgentAsBefore, WithoutAHalfLineTheClientIsCarriedOn) {
  EXPECT_EQ(client_.ask("before"), "Echo: before");
  take_urgent_out_of_line();
  for (int i = 0; i < 3; ++i) {
    client_.send_urgent("u");
    EXPECT_EQ(client_.ask("now"), "Echo: now") << "recv() has passed over it";
  }
  for (int i = 0; i < 2; ++i) {
    SCOPED_TRACE(i);
    kill_worker();
    EXPECT_EQ(client_.ask("hello"), "Echo: hello");
    client_.send_urgent("uuu");  // in line since then
    EXPECT_EQ(client_.ask("!"), "Echo: uuu!");
  }
  EXPECT_EQ(client_.lines().size(), 8u);
}

TEST_F(UrgentAsBefore, WithAHalfLineItIsClosedWithAHint) {
  EXPECT_EQ(client_.ask("before"), "Echo: before");
  take_urgent_out_of_line();
  client_.send(kHalfLine);
  for (int i = 0; i < 3; ++i) {
    client_.send_urgent("u");
    client_.send("h");
    client_.wait_until_taken();
  }
  kill_worker();
  client_.read_to_end();
  EXPECT_THAT(client_.lines().back(), HasSubstr("connect again and resume"));
  EXPECT_THAT(client_.lines(), Each(Not(HasSubstr("stale"))));
}

}  // namespace
}  // namespace rookery::system_test
