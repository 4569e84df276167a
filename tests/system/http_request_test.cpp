// What a web page has a browser send here is not carried out: a connection that begins with an HTTP request is closed.
#include <gmock/gmock.h>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using testing::StartsWith;

const std::string kBody =
    "Host: 127.0.0.1:5000\r\nContent-Type: text/plain\r\n\r\n/say #lobby from a web page\r\n"
    "/register webpage correct-horse\r\n";

// Nothing of the body was said, and whoever sent it was told so at most.
void expect_closed(TextClient& page, TextClient& witness) {
  page.read_to_end();
  if (!page.lines().empty()) {
    EXPECT_EQ(page.lines().size(), 1u) << page.lines().back();
    EXPECT_THAT(page.lines().front(), StartsWith("ERR bad-command this is no HTTP server"));
  }
  witness.sync();
  EXPECT_THAT(witness.events(), testing::IsEmpty());
}

// Nor was the account made. A wrong password has its price in time, so ask once.
void expect_no_account(TextClient& witness) {
  EXPECT_THAT(witness.ask("/login webpage correct-horse"), StartsWith("ERR bad-credentials"));
}

void expect_refused(TextClient& page, TextClient& witness) {
  expect_closed(page, witness);
  expect_no_account(witness);
}

TEST(HttpRequest, IsAnsweredByTheEndOfTheConnection) {
  const ServerProcess server({"--workers", "1"});
  TextClient witness(server.port());
  for (const std::string line :
       {"POST / HTTP/1.1", "GET /?/say%20x HTTP/1.1", "OPTIONS * HTTP/1.0", "PRI * HTTP/2.0"}) {
    TextClient page(server.port());
    page.send(line + "\r\n" + kBody);
    expect_closed(page, witness);
  }
  expect_no_account(witness);
}

TEST(HttpRequest, AlsoInPieces) {
  const ServerProcess server({"--workers", "1"});
  TextClient witness(server.port());
  TextClient page(server.port());
  for (const char c : std::string_view("POST /chat HTTP/1.1\r")) page.send(std::string_view(&c, 1));
  page.send("\n" + kBody);
  expect_refused(page, witness);
}

TEST(HttpRequest, AlsoWithATargetThatFitsInNoLine) {
  const ServerProcess server({"--workers", "1"});
  TextClient witness(server.port());
  std::vector<std::size_t> sizes{8000, 9000, 30000};
  for (std::size_t around = 8160; around < 8200; ++around) sizes.push_back(around);  // where a line becomes too long
  for (const std::size_t bytes : sizes) {
    SCOPED_TRACE(bytes);
    TextClient page(server.port());
    page.send("POST /" + std::string(bytes, 'x') + " HTTP/1.1\r\n" + kBody);
    expect_closed(page, witness);
  }
  expect_no_account(witness);
}

TEST(HttpRequest, AlsoWhenItsWorkerDiesInTheMiddleOfIt) {
  ServerProcess server({"--workers", "1"});
  TextClient witness(server.port());
  TextClient page(server.port());
  page.send("POST / HT");
  TextClient later(server.port());
  later.send("hello\nPOST / HT");
  EXPECT_EQ(later.read_line(), "Echo: hello");
  const pid_t victim = server.worker_pid(0);
  server.kill_child(victim);
  server.wait_until_all_serve({victim});
  page.send("TP/1.1\r\n" + kBody);
  expect_refused(page, witness);
  later.send("TP/1.1\n");
  EXPECT_EQ(later.read_line(), "Echo: POST / HTTP/1.1") << "it was not the first line";
}

TEST(HttpRequest, WordsAreNone) {
  const ServerProcess server({"--workers", "1"});
  for (const std::string line : {"POST me the notes", "POST / HTTP/1.1 please", "POST  / HTTP/1.1", "GET / HTTP",
                                 "we speak HTTP/1.1", "a (b HTTP/1.1", "HTTP/1.1"}) {
    TextClient person(server.port());
    EXPECT_EQ(person.ask(line), "Echo: " + line);
    EXPECT_EQ(person.ask("POST / HTTP/1.1"), "Echo: POST / HTTP/1.1") << "not the first line";
    EXPECT_EQ(person.ask("/ping"), "OK pong");
  }
}

}  // namespace
}  // namespace rookery::system_test
