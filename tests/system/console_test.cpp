// The operator's console: over standard input, over the control socket, and with rookery-ctl.
#include <gmock/gmock.h>

#include "tests/system/harness/configuration.h"
#include "tests/system/harness/ctl.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

TEST(Console, OverStandardInput) {
  ServerProcess server({"--workers", "2"});
  TextClient client(server.port());
  const std::uint64_t id = client.id();
  const auto ask = [&](const std::string& line, const std::string& expected) {
    server.program().write_input(line + "\n");
    eventually("the answer to " + line, [&] { return server.program().output().find(expected) != std::string::npos; });
  };
  ask("count", "OK 1 clients\n");
  ask("workers", "OK 2 workers\n");
  ask("list", "guest" + std::to_string(id));
  ask("no-such-thing", "ERR bad-command");
  ask("broadcast tea is ready", "OK\n");
  client.expect_event("[!] tea is ready");
  ask("exit", "OK stopping\n");
  client.read_to_end();
  client.close();
  ASSERT_TRUE(server.program().wait().has_value());
}

TEST(Console, AnAnswerOnStandardOutputHarmsNoTerminal) {
  const Configuration configuration("port=0\n");
  ServerProcess server({"--config", configuration.path(), "--workers", "1"});
  configuration.write("port=0\nlog-level=a\u202E\u2028\u009Bb\n");
  server.program().write_input("reload\n");
  eventually("the answer", [&] { return server.program().output().find("\nERR ") != std::string::npos; });
  EXPECT_THAT(server.program().output(), HasSubstr("a\uFFFD\uFFFD\uFFFDb"));
  EXPECT_THAT(server.program().output(), testing::Not(HasSubstr("\u202E")));
}

TEST(Console, OverTheControlSocket) {
  ServerProcess server({"--workers", "2"});
  make_account(server, "alice");
  TextClient alice(server.port());
  const std::uint64_t id = alice.log_in("alice", kPassword);
  JsonClient guest(server.port());
  const std::uint64_t guest_id = id_of(guest);

  eventually("both are there", [&] { return server.console("count") == "OK 2 clients\n"; });
  const std::string list = server.console("list");
  EXPECT_THAT(list, HasSubstr("alice"));
  EXPECT_THAT(list, HasSubstr("127.0.0.1:" + std::to_string(alice.local_port())));
  EXPECT_THAT(list, HasSubstr("guest" + std::to_string(guest_id)));
  EXPECT_THAT(list, HasSubstr("json"));
  EXPECT_THAT(list, testing::EndsWith("OK 2 clients\n"));
  EXPECT_EQ(server.processes().size(), 3u);
  EXPECT_THAT(server.console("help"), HasSubstr("kick ID"));
  EXPECT_THAT(server.console("brodcast x"), testing::AllOf(HasSubstr("ERR bad-command"), HasSubstr("broadcast")));
  EXPECT_THAT(server.console("kick"), HasSubstr("ERR bad-argument"));
  EXPECT_THAT(server.console("kick 999999"), HasSubstr("ERR no-such-client"));

  EXPECT_EQ(server.console("broadcast grüße an alle"), "OK\n");
  alice.expect_event("[!] grüße an alle");
  EXPECT_EQ(guest.expect_event([](const auto& e) { return e["event"] == "notice"; })["text"], "grüße an alle");

  EXPECT_EQ(server.console("kick " + std::to_string(id) + " too loud"), "OK kicked " + std::to_string(id) + "\n");
  alice.read_to_end();
  EXPECT_THAT(alice.lines().back(), HasSubstr("too loud"));
  EXPECT_EQ(guest.ask("ping")["ok"], true);
  eventually("one is left", [&] { return server.console("count") == "OK 1 clients\n"; });
}

TEST(Console, IsClosedToOthers) {
  const TemporaryDirectory data;
  const ServerProcess server(data, {"--workers", "1"});
  using std::filesystem::perms;
  const perms mode = std::filesystem::status(data.path() / "control.sock").permissions();
  EXPECT_EQ(mode & perms::others_all, perms::none);
}

TEST(Console, WithRookeryCtl) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  TextClient client(server.port());
  client.sync();
  const CtlRun count = run_ctl(data, {"count"});
  EXPECT_EQ(count.exit_code, 0) << count.errors;
  EXPECT_THAT(count.output, HasSubstr("1 clients"));
  EXPECT_EQ(run_ctl(data, {"broadcast", "two words"}).exit_code, 0);
  client.expect_event("[!] two words");
  EXPECT_NE(run_ctl(data, {"no-such-command"}).exit_code, 0);
  EXPECT_EQ(run_ctl(data, {"exit"}).exit_code, 0);
  client.read_to_end();
  client.close();
  ASSERT_TRUE(server.program().wait().has_value());
  EXPECT_NE(run_ctl(data, {"count"}).exit_code, 0) << "nobody listens any more";
}

}  // namespace
}  // namespace rookery::system_test
