// Passwords do not stay in memory: neither in the regions, which all workers can read, nor in the processes.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/system/harness/memory_search.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::IsEmpty;
using testing::StartsWith;

// Nothing else in a region looks like any eight bytes of it.
const std::string kSecret = "Vq7wombatXz3-Kj9quoll";
const std::string kWrong = "Hf4numbatYk8-Lp2dingo";
constexpr std::size_t kTellingBytes = 8;

std::vector<std::string> places_of(const ServerProcess& server, std::string_view secret) {
  std::vector<std::string> places;
  for (const std::string_view part : {secret.substr(0, kTellingBytes), secret.substr(secret.size() - kTellingBytes)}) {
    for (std::string& place : places_in_regions(server.pid(), part)) places.push_back(std::move(place));
  }
  // Sanitizers keep what was freed, on purpose. A thread of a client that saves its vector registers keeps them on its
  // stack for as long as it waits: docs/security.md.
  if (kSanitized || std::getenv("ROOKERY_MODEL") != nullptr) return places;
  std::vector<pid_t> processes{server.pid()};
  for (const ProcessRow& row : server.processes())
    if (row.pid != 0) processes.push_back(row.pid);
  // All of it: a vector register that is saved on a stack holds sixteen bytes, see docs/security.md.
  for (const pid_t process : processes)
    for (std::string& place : places_in_own_memory(process, secret)) places.push_back(std::move(place));
  return places;
}

// A thread of the pool may have its copy for a moment longer than the client waits for the answer.
void expect_nowhere(const ServerProcess& server, const std::vector<std::string>& secrets = {kSecret, kWrong}) {
  std::vector<std::string> places;
  try {
    eventually("no password is left in memory", [&] {
      places.clear();
      for (const std::string& secret : secrets)
        for (std::string& place : places_of(server, secret)) places.push_back(std::move(place));
      return places.empty();
    });
  } catch (const TimedOut&) {
    EXPECT_THAT(places, IsEmpty());
  }
}

class Secrets : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_read_memory(::getpid())) GTEST_SKIP() << "/proc has no memory of processes here";
  }
  // False: the test is skipped.
  static bool may_look(const ServerProcess& server) { return may_read_memory(server.pid()); }
};

#define SKIP_UNLESS_MAY_LOOK(server) \
  if (!may_look(server)) GTEST_SKIP() << "no permission to read the memory of other processes"

TEST_F(Secrets, ThisTestWouldFindOne) {
  ServerProcess server({"--workers", "1"});
  SKIP_UNLESS_MAY_LOOK(server);
  TextClient half(server.port());
  half.send("/login alice " + kSecret);
  eventually("half a line lies in the region", [&] { return !places_in_regions(server.pid(), kSecret).empty(); });
}

TEST_F(Secrets, RegisterAndLoginInTextLeaveNoPassword) {
  ServerProcess server({"--workers", "2"});
  SKIP_UNLESS_MAY_LOOK(server);
  TextClient whole(server.port());
  EXPECT_EQ(whole.ask("/register alice " + kSecret), "OK registered alice");
  EXPECT_THAT(whole.ask("/login alice " + kWrong), StartsWith("ERR bad-credentials"));
  EXPECT_THAT(whole.ask("/login alice " + kSecret), StartsWith("OK logged in"));

  TextClient pieces(server.port());
  pieces.send("/login alice ");
  for (const char c : kSecret) pieces.send(std::string_view(&c, 1));
  EXPECT_THAT(pieces.ask(""), StartsWith("OK logged in"));

  TextClient pipelined(server.port());
  pipelined.send("/ping\n/login alice " + kWrong + "\n/login alice " + kSecret + "\n/count to the end\nhalf a li");
  for (const char* begin : {"OK pong", "ERR bad-credentials", "OK logged in", "OK words"})
    pipelined.read_until(begin, [begin](const std::string& line) { return line.starts_with(begin); });
  expect_nowhere(server);
}

TEST_F(Secrets, RegisterAndLoginInJsonLeaveNoPassword) {
  ServerProcess server({"--workers", "2"});
  SKIP_UNLESS_MAY_LOOK(server);
  JsonClient whole(server.port());
  EXPECT_EQ(whole.ask({{"op", "register"}, {"name", "alice"}, {"password", kSecret}})["ok"], true);
  EXPECT_EQ(whole.ask({{"op", "login"}, {"name", "alice"}, {"password", kWrong}})["error"], "bad-credentials");
  EXPECT_EQ(whole.ask({{"op", "login"}, {"name", "alice"}, {"password", kSecret}})["ok"], true);

  JsonClient pieces(server.port());
  for (const char c : R"({"op":"login","name":"alice","password":")" + kSecret + "\"")
    pieces.send(std::string_view(&c, 1));
  pieces.send("}\n");
  EXPECT_EQ(Json::parse(pieces.read_line())["ok"], true);

  JsonClient pipelined(server.port());
  const auto login = [](const std::string& password) {
    return Json{{"op", "login"}, {"name", "alice"}, {"password", password}}.dump() + "\n";
  };
  pipelined.send(R"({"op":"ping"})"
                 "\n" +
                 login(kWrong) + login(kSecret) +
                 R"({"op":"ping"})"
                 "\n{\"op\":");
  for (const bool ok : {true, false, true, true}) EXPECT_EQ(Json::parse(pipelined.read_line())["ok"], ok);
  expect_nowhere(server);
}

TEST_F(Secrets, WhatIsRefusedOrMisspeltLeavesNoPassword) {
  ServerProcess server({"--workers", "1"});
  SKIP_UNLESS_MAY_LOOK(server);
  make_account(server, "alice");
  TextClient text(server.port());
  for (const std::string& line : {"/register alice " + kSecret, "/register guest7 " + kSecret,
                                  "/login no/name " + kSecret, "/login alice " + kSecret + " too much",
                                  "/logni alice " + kSecret, "/login alice " + kSecret + std::string(128, 'x')})
    EXPECT_THAT(text.ask(line), StartsWith("ERR ")) << line;
  EXPECT_THAT(text.ask("/login alice " + kSecret + std::string(9000, 'x')), StartsWith("ERR line-too-long"));

  JsonClient json(server.port());
  for (const Json& request :
       {Json{{"op", "register"}, {"name", "alice"}, {"password", kSecret}},
        Json{{"op", "register"}, {"name", "guest7"}, {"password", kSecret}},
        Json{{"op", "logni"}, {"name", "alice"}, {"password", kSecret}}, Json{{"op", "login"}, {"password", kSecret}},
        Json{{"op", "login"}, {"name", "alice"}, {"password", kSecret + std::string(128, 'x')}}})
    EXPECT_EQ(json.ask(request)["ok"], false) << request;
  json.send_line(R"({"op":"login","name":"alice","password":")" + kSecret);
  EXPECT_EQ(Json::parse(json.read_line())["error"], "bad-command");
  // As a program may write it that escapes what it need not.
  json.send_line(R"({"op":"login","name":"alice","p\u0061ssword":")" + kSecret + R"(\u00e9"})");
  EXPECT_EQ(Json::parse(json.read_line())["error"], "bad-credentials");
  expect_nowhere(server, {kSecret});
}

TEST_F(Secrets, AClientThatGoesLeavesNoPassword) {
  ServerProcess server({"--workers", "1"});
  SKIP_UNLESS_MAY_LOOK(server);
  {
    TextClient half(server.port());
    half.send("/login alice " + kSecret);
    eventually("it is received", [&] { return !places_in_regions(server.pid(), kSecret).empty(); });
  }
  TextClient done(server.port());
  done.send("/quit\n/login alice " + kSecret + "\n");
  done.read_to_end();
  try {
    done.send("/login alice " + kWrong + "\n");  // is passed over, if the server reads on for so long
  } catch (const Closed&) {
  }
  done.close();
  eventually("all have gone", [&] { return server.client_count() == 0; });
  expect_nowhere(server);
}

TEST_F(Secrets, TheDeathOfAWorkerLeavesNoPasswordAndNoLoginUndone) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  SKIP_UNLESS_MAY_LOOK(server);
  server.expect_alerts();
  make_account(server, "alice", kSecret);
  faults.set("worker.in_login_hash:kill9");
  TextClient text(server.port());
  EXPECT_THAT(text.ask("/login alice " + kSecret), StartsWith("OK logged in"));
  EXPECT_EQ(faults.fired(), 1u);
  faults.set("worker.after_parse:kill9");
  JsonClient json(server.port());
  EXPECT_EQ(json.ask({{"op", "login"}, {"name", "alice"}, {"password", kSecret}})["ok"], true);
  EXPECT_EQ(faults.fired(), 1u);
  server.wait_until_all_serve();
  expect_nowhere(server);
}

TEST_F(Secrets, HalfALineIsCarriedOnAndThenForgotten) {
  ServerProcess server({"--workers", "2"});
  SKIP_UNLESS_MAY_LOOK(server);
  make_account(server, "alice", kSecret);
  auto seated = one_client_on_each_worker(server, 2);
  const std::string request = R"({"op":"login","name":"alice","password":")" + kSecret;
  for (Seated& each : seated) each.client->send(request);
  eventually("both halves are received", [&] { return places_in_regions(server.pid(), kSecret).size() == 2; });
  const pid_t victim = server.worker_pid(0);
  server.kill_child(victim);
  server.wait_until_all_serve({victim});
  EXPECT_THAT(server.console("drain 1"), StartsWith("OK drained"));
  for (Seated& each : seated) {
    each.client->send("\"}\n");
    const std::string reply =
        each.client->read_until("the reply", [](const std::string& line) { return line.starts_with("{\"re\""); });
    EXPECT_EQ(Json::parse(reply)["ok"], true) << reply;
  }
  expect_nowhere(server);
}

TEST_F(Secrets, RegionsStayOutOfCoreDumps) {
  ServerProcess server({"--workers", "2"});
  SKIP_UNLESS_MAY_LOOK(server);
  EXPECT_THAT(regions_in_core_dump(server.pid()), IsEmpty()) << "of the master";
  for (const ProcessRow& row : server.processes())
    EXPECT_THAT(regions_in_core_dump(row.pid), IsEmpty()) << "of " << row.role;
}

}  // namespace
}  // namespace rookery::system_test
