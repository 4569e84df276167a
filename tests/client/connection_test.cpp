#include "client/terminal/connection.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/client/scripted_server.h"

namespace rookery::client {
namespace {

// Serves the connection until there is a line, or until it is closed and there is none.
std::optional<std::string> wait_for_line(Connection& connection) {
  for (;;) {
    if (auto line = connection.next_line()) return line;
    if (connection.state() == Connection::State::Closed) return std::nullopt;
    pollfd waited{connection.fd(), connection.poll_events(), 0};
    if (::poll(&waited, 1, 30000) <= 0) throw std::runtime_error("no line came");
    connection.on_ready(waited.revents);
  }
}

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() {
    EXPECT_TRUE(connection_.connect_and_wait()) << connection_.error();
    server_.accept();
  }
  ScriptedServer server_;
  Connection connection_{{"127.0.0.1", std::to_string(server_.port())}};
};

TEST_F(ConnectionTest, CarriesLinesBothWays) {
  connection_.send_line("{\"op\":\"ping\"}");
  EXPECT_EQ(server_.read_line(), "{\"op\":\"ping\"}");
  server_.send("one\r\ntwo\n\nthr");
  EXPECT_EQ(wait_for_line(connection_), "one");
  EXPECT_EQ(wait_for_line(connection_), "two");
  EXPECT_EQ(wait_for_line(connection_), "");
  server_.send("ee\n");
  EXPECT_EQ(wait_for_line(connection_), "three");
}

TEST_F(ConnectionTest, LinesThatCameBeforeTheEndAreStillThere) {
  server_.send("last words\nERR server-full");
  server_.hang_up();
  EXPECT_EQ(wait_for_line(connection_), "last words");
  EXPECT_EQ(wait_for_line(connection_), "ERR server-full");
  EXPECT_EQ(wait_for_line(connection_), std::nullopt);
  EXPECT_EQ(connection_.state(), Connection::State::Closed);
}

TEST_F(ConnectionTest, HalfAReplyIsNoLine) {
  server_.send("{\"re\":\"li");
  server_.hang_up();
  EXPECT_EQ(wait_for_line(connection_), std::nullopt);
}

// Neither side of a socket takes this much at once, so sending and receiving have to go on in pieces.
TEST_F(ConnectionTest, MoreThanTheKernelTakesAtOnceArrivesWhole) {
  constexpr std::size_t kLines = 1000;
  const std::string line(8000, 'x');
  for (std::size_t i = 0; i < kLines; ++i) connection_.send_line(line);
  EXPECT_NE(connection_.poll_events() & POLLOUT, 0);
  std::size_t arrived = 0;
  while (arrived < kLines) {
    pollfd waited{connection_.fd(), connection_.poll_events(), 0};
    if ((waited.events & POLLOUT) != 0 && ::poll(&waited, 1, 0) > 0) connection_.on_ready(waited.revents);
    ASSERT_EQ(server_.read_line(), line);
    ++arrived;
  }
}

TEST_F(ConnectionTest, ALongLineIsTakenAndAnEndlessOneIsNot) {
  const std::string list(std::size_t{3} << 20, 'y');
  std::thread sender([&] {
    server_.send(list);
    server_.send("\n");
    try {
      for (int i = 0; i < 20; ++i) server_.send(std::string(std::size_t{1} << 20, 'z'));
    } catch (const std::runtime_error&) {  // hung up on, as it should be
    }
  });
  EXPECT_EQ(wait_for_line(connection_), list);
  EXPECT_EQ(wait_for_line(connection_).value_or("").substr(0, 1), "z") << "words that are not JSON are shown";
  sender.join();
  EXPECT_EQ(connection_.error(), "the server sent a line of more than 16 MiB");
}

TEST(Connection, SaysWhyItCannotConnect) {
  int port = 0;
  {
    const ScriptedServer gone;
    port = gone.port();
  }
  Connection refused({"127.0.0.1", std::to_string(port)});
  EXPECT_FALSE(refused.connect_and_wait());
  EXPECT_EQ(refused.error(), "Connection refused");
  EXPECT_EQ(refused.fd(), -1);
}

TEST_F(ConnectionTest, CanBeMadeAnewAfterItsEnd) {
  server_.send("old, half a li");
  server_.hang_up();
  connection_.connect();
  ASSERT_TRUE(connection_.connect_and_wait());
  server_.accept();
  server_.accept();
  server_.send("new\n");
  EXPECT_EQ(wait_for_line(connection_), "new");
}

}  // namespace
}  // namespace rookery::client
