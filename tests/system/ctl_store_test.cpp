// What rookery-ctl does about the store: accounts with passwords that nobody sees, backups, checks, exports.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/driven_programs.h"
#include "tests/support/file_text.h"
#include "tests/system/harness/ctl.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/terminal.h"

namespace rookery::system_test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(CtlStore, AnAccountIsMadeWithAPasswordFromStandardInput) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  const CtlRun added = run_ctl(data, {"user", "add", "carol"}, "tea-for-two\n");
  EXPECT_EQ(added.exit_code, 0) << added.errors;
  TextClient carol(server.port());
  static_cast<void>(carol.log_in("carol", "tea-for-two"));
  EXPECT_EQ(run_ctl(data, {"user", "passwd", "carol"}, "coffee-for-one\n").exit_code, 0);
  TextClient again(server.port());
  EXPECT_THAT(again.ask("/login carol tea-for-two"), HasSubstr("ERR bad-credentials"));
  static_cast<void>(again.log_in("carol", "coffee-for-one"));
  EXPECT_THAT(run_ctl(data, {"user", "list"}).output, HasSubstr("carol"));

  EXPECT_EQ(run_ctl(data, {"user", "add", "carol"}, "tea-for-two\n").exit_code, 1) << "the name is taken";
  EXPECT_THAT(run_ctl(data, {"user", "add", "dave"}, "short\n").errors, HasSubstr("a password has 8 to 128 bytes"));
  EXPECT_EQ(run_ctl(data, {"user", "add", "dave", "on-the-command-line"}).exit_code, 64);
  EXPECT_THAT(server.log(), Not(HasSubstr("for-one")));
}

TEST(CtlStore, ThePasswordEndsBeforeTheEndOfItsLine) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  const std::pair<std::string, std::string> inputs[] = {
      {"carol", "tea-for-two\r\n"}, {"dave", "tea-for-two\r"}, {"erin", "tea-for-two"}, {"frank", "tea-for-two\nmore"}};
  for (const auto& [name, input] : inputs) {
    EXPECT_EQ(run_ctl(data, {"user", "add", name}, input).exit_code, 0) << name;
    TextClient client(server.port());
    static_cast<void>(client.log_in(name, "tea-for-two"));
  }
  const std::string longest(128, 'x');
  EXPECT_EQ(run_ctl(data, {"user", "passwd", "carol"}, longest + "\r\n").exit_code, 0);
  TextClient carol(server.port());
  static_cast<void>(carol.log_in("carol", longest));
  EXPECT_NE(run_ctl(data, {"user", "passwd", "carol"}, longest + "y\r\n").exit_code, 0);
}

TEST(CtlStore, ThePasswordIsAskedForTwiceAndNeverShown) {
  if (!Terminal::is_installed()) GTEST_SKIP() << "tmux is not installed";
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  const Terminal terminal(80, 24);
  const auto answer = [&](const std::string& prompt, const std::string& line) {
    eventually(prompt, [&] { return terminal.shows(prompt); });
    terminal.type(line + "\n");
  };
  terminal.type("clear; " + test::program("rookery-ctl") + " --data " + data.path().string() + " user add erin\n");
  answer("Password for erin:", "tea-for-two");
  answer("The same again:", "tea-for-two");
  eventually("it is done", [&] { return terminal.shows("OK "); });
  EXPECT_FALSE(terminal.shows("tea-for-two"));
  TextClient erin(server.port());
  static_cast<void>(erin.log_in("erin", "tea-for-two"));

  terminal.type("clear; " + test::program("rookery-ctl") + " --data " + data.path().string() + " user add frank\n");
  answer("Password for frank:", "tea-for-two");
  answer("The same again:", "tea-for-too");
  eventually("it is refused", [&] { return terminal.shows("the two passwords differ"); });
  terminal.type("stty -a\n");
  eventually("what is typed is shown again", [&] { return terminal.shows(" echo "); });
}

TEST(CtlStore, ABackupIsMadeWhileTheServerServesAndRestoredWhenItDoesNot) {
  const TemporaryDirectory data;
  const TemporaryDirectory elsewhere;
  const std::string backup = (elsewhere.path() / "kept.db").string();
  {
    ServerProcess server(data, {"--workers", "1"});
    TextClient alice(server.port());
    EXPECT_THAT(alice.ask("/say #lobby before the backup"), HasSubstr("OK"));
    const CtlRun run = run_ctl(data, {"backup", backup});
    EXPECT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_THAT(run.output, testing::StartsWith("OK backup " + backup + " bytes="));
    EXPECT_THAT(alice.ask("/say #lobby after the backup"), HasSubstr("OK"));
    EXPECT_THAT(run_ctl(data, {"check"}).output, HasSubstr("OK whole: "));
    const CtlRun refused = run_ctl(data, {"--json", "restore", backup});
    EXPECT_EQ(refused.exit_code, 69);
    EXPECT_EQ(Json::parse(refused.output)["error"], "server-runs");
  }
  const CtlRun whole = run_ctl(data, {"--json", "check", backup});
  EXPECT_EQ(whole.exit_code, 0);
  EXPECT_EQ(Json::parse(whole.output)["ok"], true);
  EXPECT_THAT(run_ctl(data, {"check"}).output, HasSubstr("OK whole: ")) << "where no server runs, too";
  const CtlRun restored = run_ctl(data, {"restore", backup});
  EXPECT_EQ(restored.exit_code, 0) << restored.errors;
  EXPECT_THAT(restored.output, HasSubstr("the store that was there is kept as "));

  ServerProcess server(data, {"--workers", "1"});
  TextClient bob(server.port());
  const std::vector<std::string> history = bob.ask_lines("/history #lobby 10");
  EXPECT_THAT(history, testing::Contains(HasSubstr("before the backup")));
  EXPECT_THAT(history, Not(testing::Contains(HasSubstr("after the backup"))));
}

TEST(CtlStore, NothingIsWrittenOverTheStoreThatServes) {
  const TemporaryDirectory data;
  const std::string store = (data.path() / "rookery.db").string();
  ServerProcess server(data, {"--workers", "1"});
  TextClient alice(server.port());
  EXPECT_THAT(alice.ask("/say #lobby before"), HasSubstr("OK"));
  for (const std::string& file : {store, store + "-wal", store + "-shm"}) {
    const CtlRun backup = run_ctl(data, {"backup", file});
    EXPECT_EQ(backup.exit_code, 1) << file;
    EXPECT_THAT(backup.errors, HasSubstr("the server's own"));
    EXPECT_EQ(run_ctl(data, {"history", "export", file}).exit_code, 1) << file;
  }
  EXPECT_THAT(alice.ask("/say #lobby after"), HasSubstr("OK"));
  EXPECT_THAT(run_ctl(data, {"check"}).output, HasSubstr("messages=2 ")) << "the store is the one that is written to";
}

TEST(CtlStore, WhatRootRestoresBelongsToTheDirectorysOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can restore somebody else's store";
  constexpr uid_t kOwner = 61'001;
  const TemporaryDirectory data;
  const TemporaryDirectory elsewhere;
  const std::string backup = (elsewhere.path() / "kept.db").string();
  {
    ServerProcess server(data, {"--workers", "1"});
    EXPECT_EQ(run_ctl(data, {"backup", backup}).exit_code, 0);
  }
  ASSERT_EQ(::chown(data.path().c_str(), kOwner, kOwner), 0);
  EXPECT_EQ(run_ctl(data, {"restore", backup}).exit_code, 0);
  for (const char* name : {"rookery.db", "lock"}) {
    struct stat status {};
    ASSERT_EQ(::stat((data.path() / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_uid, kOwner) << name;
  }
}

TEST(CtlStore, WhatIsNoBackupIsNotRestored) {
  const TemporaryDirectory data;
  { ServerProcess server(data, {"--workers", "1"}); }
  const TemporaryDirectory elsewhere;
  const std::filesystem::path file = elsewhere.path() / "no.db";
  std::ofstream(file) << "this is no store";
  EXPECT_EQ(run_ctl(data, {"check", file.string()}).exit_code, 1);
  EXPECT_EQ(run_ctl(data, {"restore", file.string()}).exit_code, 1);
  EXPECT_EQ(run_ctl(data, {"restore", (elsewhere.path() / "none.db").string()}).exit_code, 1);
  EXPECT_EQ(run_ctl(data, {"restore"}).exit_code, 64);
  EXPECT_THAT(run_ctl(data, {"check"}).output, HasSubstr("OK whole: ")) << "the store is as it was";
}

TEST(CtlStore, HistoryIsExportedToStandardOutputOrAFile) {
  const TemporaryDirectory data;
  const TemporaryDirectory elsewhere;
  ServerProcess server(data, {"--workers", "1"});
  TextClient alice(server.port());
  static_cast<void>(alice.ask("/join #garden"));
  EXPECT_THAT(alice.ask("/say #garden roses"), HasSubstr("OK"));
  EXPECT_THAT(alice.ask("/say #lobby elsewhere"), HasSubstr("OK"));
  const CtlRun garden = run_ctl(data, {"history", "export", "#garden"});
  EXPECT_EQ(garden.exit_code, 0) << garden.errors;
  const Json line = Json::parse(garden.output);
  EXPECT_EQ(line["text"], "roses");
  EXPECT_EQ(line["room"], "#garden");

  const std::filesystem::path file = elsewhere.path() / "all.jsonl";
  const CtlRun all = run_ctl(data, {"history", "export", file.string()});
  EXPECT_EQ(all.output, "OK exported " + file.string() + " messages=2\n") << all.errors;
  EXPECT_THAT(test::file_text(file), testing::AllOf(HasSubstr("roses"), HasSubstr("elsewhere")));
  EXPECT_EQ(run_ctl(data, {"history", "export", "/nowhere/at/all"}).exit_code, 1);
  EXPECT_EQ(run_ctl(data, {"history", "import"}).exit_code, 64);
}

}  // namespace
}  // namespace rookery::system_test
