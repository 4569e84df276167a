// The log as an operator keeps it: JSON for machines, a file that is moved away and opened anew while people chat, a
// flood that is counted and not written, and never a password.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/driven_programs.h"
#include "tests/support/file_text.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void come_and_go(const ServerProcess& server) {
  TextClient client(server.port());
  client.sync();
}

std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// Of all threads of all the server's processes: threads may have descriptors of their own.
bool anybody_has_open(const ServerProcess& server, const std::filesystem::path& file) {
  std::error_code gone;
  for (const Process& process : processes_in_group(server.pid()))
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process.pid) + "/task", gone))
      for (const auto& entry : std::filesystem::directory_iterator(task.path() / "fd", gone))
        if (std::filesystem::read_symlink(entry.path(), gone) == file) return true;
  return false;
}

TEST(Logs, EachLineIsAnObjectOnRequest) {
  const TemporaryDirectory files;
  const auto file = files.path() / "log";
  std::string address;
  {
    ServerProcess server({"--workers", "1", "--log-format", "json", "--log-file", file.string()});
    TextClient client(server.port());
    EXPECT_EQ(client.ask("hel\"lo"), "Echo: hel\"lo");
    address = "127.0.0.1:" + std::to_string(client.local_port());
    client.close();
    eventually("its end is told", [&] { return test::file_text(file).find("closed: left") != std::string::npos; });
    server.stop();
    EXPECT_EQ(server.log(), "") << "all is in the file";
  }
  std::set<std::string> processes;
  std::uint64_t client = 0;
  bool closed = false;
  for (const std::string& line : lines_of(test::file_text(file))) {
    const auto object = nlohmann::json::parse(line);
    processes.insert(object.at("process").get<std::string>());
    EXPECT_THAT(object.at("time").get<std::string>(), testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
    EXPECT_GT(object.at("pid").get<int>(), 0);
    EXPECT_THAT(object.at("level").get<std::string>(), testing::AnyOf("info", "warning"));
    const auto message = object.at("message").get<std::string>();
    if (message == "connected") {
      client = object.at("client").get<std::uint64_t>();
      EXPECT_EQ(object.at("address"), address);
    }
    if (message == "closed: left") closed = object.at("client") == client;
  }
  EXPECT_EQ(processes, (std::set<std::string>{"master", "ledger", "worker 0"}));
  EXPECT_GT(client, 0U);
  EXPECT_TRUE(closed);
}

// Every line stands in one of the two, and nobody keeps the old file open.
TEST(Logs, AFileThatWasMovedAwayIsLeftByAllAndLosesNothing) {
  const TemporaryDirectory files;
  const auto file = files.path() / "log";
  const auto old = files.path() / "log.1";
  ServerProcess server({"--workers", "2", "--loops", "2", "--log-file", file.string()});
  make_account(server, "alice");  // the pool's threads have worked
  constexpr std::size_t kEach = 8;
  for (std::size_t i = 0; i < kEach; ++i) come_and_go(server);
  eventually("they have gone", [&] { return count_of(test::file_text(file), " closed: ") == kEach + 1; });

  std::filesystem::rename(file, old);
  come_and_go(server);  // still into the old one
  eventually("it has gone", [&] { return count_of(test::file_text(old), " closed: ") == kEach + 2; });
  EXPECT_EQ(server.console("log-reopen"), "OK the log goes to " + file.string() + "\n");
  // A sanitizer's threads keep theirs, for its reports.
  EXPECT_TRUE(kSanitized || !anybody_has_open(server, old));
  const std::string before = test::file_text(old);
  for (std::size_t i = 0; i < kEach; ++i) come_and_go(server);
  eventually("they have gone", [&] { return count_of(test::file_text(file), " closed: ") == kEach; });
  EXPECT_EQ(test::file_text(old), before) << "what comes after goes into the new one";
  EXPECT_EQ(count_of(test::file_text(file), " connected\n"), kEach);

  // The same by a signal. A worker that is started later writes where the others do.
  std::filesystem::rename(file, files.path() / "log.2");
  server.program().signal(SIGUSR1);
  eventually("all have left it", [&] { return !anybody_has_open(server, files.path() / "log.2"); });
  const pid_t victim = server.worker_pid(0);
  server.kill_child(victim);
  server.wait_until_all_serve({victim});
  EXPECT_THAT(test::file_text(file), AllOf(HasSubstr("ALERT worker 0 "), HasSubstr(" worker 0 pid=")));
  server.stop();
  EXPECT_THAT(test::file_text(file), HasSubstr("stopped"));
}

// The pool's threads have descriptors of their own: their last words go by the process's first thread.
TEST(Logs, LastWordsGoToTheNewFileWhoeverCrashes) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have last words of their own";
  const TemporaryDirectory files;
  const auto file = files.path() / "log";
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "1", "--log-file", file.string()});
  server.expect_alerts();
  make_account(server, "alice");
  std::filesystem::rename(file, files.path() / "log.1");
  EXPECT_THAT(server.console("log-reopen"), testing::StartsWith("OK "));

  faults.set("worker.in_login_hash:segv:1");
  TextClient client(server.port());
  EXPECT_THAT(client.ask("/login alice " + std::string(kPassword)), HasSubstr("OK logged in as alice"));
  const std::string crash = test::file_text(file);
  EXPECT_THAT(crash, AllOf(HasSubstr(" ALERT crashed: SIGSEGV"), HasSubstr(" #0 "), HasSubstr(" #1 ")));
  EXPECT_LT(crash.find(" ALERT crashed: SIGSEGV"), crash.find("ALERT worker 0 ")) << "before the master tells of it";

  // A process that is thought to hang: each of its threads tells where it is, if it gets a processor in the time that
  // the process gives it.
  std::size_t told = 0;
  for (int attempt = 0; attempt < 20 && told < 2; ++attempt) {
    const pid_t worker = server.worker_pid(0);
    server.signal_child(worker, SIGABRT);
    server.wait_until_all_serve({worker});
    told = count_of(test::file_text(file), " pid=" + std::to_string(worker) + " thread ");
  }
  EXPECT_GE(told, 2U) << test::file_text(file);
  EXPECT_THAT(test::file_text(files.path() / "log.1"), Not(HasSubstr("ALERT")));
}

TEST(Logs, AFloodIsCountedNotWritten) {
  constexpr std::size_t kClients = 400;
  ServerProcess server({"--workers", "1"});
  for (std::size_t i = 0; i < kClients; ++i) const TextClient client(server.port());
  // What is told and what is left out make all of it.
  const auto sum = [&] {
    const std::string log = server.log();
    std::size_t all = count_of(log, " connected\n") + count_of(log, " closed: ");
    static const std::regex kLeftOut(
        "warning: ([0-9]+) lines about connections were left out: more than [0-9]+ a second");
    for (std::sregex_iterator match(log.begin(), log.end(), kLeftOut), end; match != end; ++match)
      all += std::stoul((*match)[1]);
    return all;
  };
  eventually("all are told or counted", [&] { return sum() == 2 * kClients; });
  EXPECT_THAT(server.log(), HasSubstr("lines about connections were left out"));
  EXPECT_LT(count_of(server.log(), " connected\n"), kClients);
  // Another sort of line is not drowned by it.
  TextClient client(server.port());
  EXPECT_THAT(client.ask("/login nobody correct-horse"), HasSubstr("ERR bad-credentials"));
  EXPECT_THAT(server.log(), HasSubstr("login refused: no such account"));
}

TEST(Logs, NoPasswordIsEverWritten) {
  const std::vector<std::string> secrets{"correct-horse-1", "wrong-horse-22", "battery-staple-3", "tr0ub4dor-four",
                                         "hunter-hunter-5", "open-sesame-66", "my-cat-tom-777"};
  ServerProcess server({"--workers", "1", "--log-level", "trace"});
  {
    TextClient text(server.port());
    EXPECT_EQ(text.ask("/register alice " + secrets[0]), "OK registered alice");
    EXPECT_THAT(text.ask("/login alice " + secrets[1]), HasSubstr("ERR"));
    EXPECT_THAT(text.ask("/login " + secrets[2] + " alice-alice"), HasSubstr("ERR"));  // the wrong way round
    EXPECT_THAT(text.ask("/register " + secrets[2] + " short"), HasSubstr("ERR"));
    EXPECT_THAT(text.ask("/logn alice " + secrets[3]), HasSubstr("ERR"));
    EXPECT_THAT(text.ask("/login alice"), HasSubstr("ERR"));
    EXPECT_THAT(text.ask("/login alice " + secrets[4] + " " + secrets[4]), HasSubstr("ERR"));
    EXPECT_THAT(text.ask("/login alice " + secrets[0]), HasSubstr("OK logged in"));
    JsonClient json(server.port());
    EXPECT_EQ(json.ask({{"op", "login"}, {"name", "alice"}, {"password", secrets[5]}})["ok"], false);
    EXPECT_EQ(json.ask({{"op", "logn"}, {"name", "alice"}, {"password", secrets[6]}})["ok"], false);
  }
  static_cast<void>(server.console("upgrade " + secrets[6]));
  server.stop();
  for (const std::string& secret : secrets) EXPECT_THAT(server.log(), Not(HasSubstr(secret)));
  EXPECT_THAT(server.log(), HasSubstr("login refused: another password than that of alice"));
}

TEST(Logs, AFileThatCannotBeHadIsToldAndTheOldOneGoesOn) {
  const FailedStart start =
      run_server_to_its_end({"--port", "0", "--log-file", "/nowhere/at-all/log", "--data", "/tmp"});
  EXPECT_EQ(start.exit_code, 78);
  EXPECT_THAT(start.errors, HasSubstr("cannot write the log /nowhere/at-all/log: No such file or directory"));

  const TemporaryDirectory files;
  const auto directory = files.path() / "logs";
  std::filesystem::create_directory(directory);
  const auto file = directory / "log";
  ServerProcess server({"--workers", "1", "--log-file", file.string()});
  std::filesystem::rename(directory, files.path() / "moved");
  EXPECT_THAT(server.console("log-reopen"), testing::StartsWith("ERR not-opened cannot write the log "));
  come_and_go(server);
  eventually("the old one goes on",
             [&] { return test::file_text(files.path() / "moved" / "log").find(" closed: ") != std::string::npos; });
}

}  // namespace
}  // namespace rookery::system_test
