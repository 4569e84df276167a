// rookery-ctl against the real server: answers for programs, the state on one screen, drills.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/system/harness/ctl.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

// One document on standard output and nothing else.
Json ask_json(const TemporaryDirectory& data, std::vector<std::string> command, int exit_code = 0) {
  std::vector<std::string> words(command.size() + 1, "--json");
  std::ranges::move(command, words.begin() + 1);
  const CtlRun run = run_ctl(data, std::move(words));
  EXPECT_EQ(run.exit_code, exit_code) << run.output << run.errors;
  EXPECT_EQ(run.errors, "");
  return Json::parse(run.output);
}

TEST(Ctl, JsonShowsWhoIsThereAndWhoServes) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  make_account(server, "alice");
  TextClient alice(server.port());
  const std::uint64_t id = alice.log_in("alice", kPassword);
  JsonClient guest(server.port());
  const std::uint64_t guest_id = id_of(guest);
  eventually("both are there", [&] { return ask_json(data, {"count"}) == Json{{"ok", true}, {"count", 2}}; });

  const Json list = ask_json(data, {"list"});
  ASSERT_EQ(list["clients"].size(), 2u);
  const Json& first = list["clients"][id < guest_id ? 0 : 1];
  EXPECT_EQ(first["client"], id);
  EXPECT_EQ(first["name"], "alice");
  EXPECT_EQ(first["address"], "127.0.0.1:" + std::to_string(alice.local_port()));
  EXPECT_EQ(first["dialect"], "text");
  EXPECT_EQ(list["clients"][id < guest_id ? 1 : 0]["dialect"], "json");

  const Json workers = ask_json(data, {"workers"});
  ASSERT_EQ(workers["processes"].size(), 3u);
  EXPECT_EQ(workers["processes"][0]["pid"], server.ledger_pid());
  EXPECT_EQ(workers["processes"][2]["pid"], server.worker_pid(1));
  EXPECT_EQ(workers["shut_out"], Json::array());
  EXPECT_EQ(ask_json(data, {"help"})["ok"], true);
}

TEST(Ctl, JsonTellsWhatWentWrongAndKeepsTheExitCodes) {
  const TemporaryDirectory data;
  {
    ServerProcess server(data, {"--workers", "2"});
    EXPECT_EQ(ask_json(data, {"no-such-thing"}, 1)["error"], "bad-command");
    EXPECT_EQ(ask_json(data, {"kick", "999"}, 1),
              (Json{{"ok", false}, {"error", "no-such-client"}, {"message", "999"}}));
    EXPECT_EQ(ask_json(data, {"drain", "64"}, 1)["error"], "no-such-worker");
    EXPECT_EQ(ask_json(data, {"scale", "1"}), (Json{{"ok", true}, {"message", "1 workers"}}));
    const std::string too_long(9000, 'x');
    EXPECT_EQ(ask_json(data, {"broadcast", too_long}, 1)["error"], "line-too-long");
    EXPECT_EQ(run_ctl(data, {"--json"}).exit_code, 64);
    EXPECT_EQ(ask_json(data, {"exit"})["ok"], true);
    ASSERT_TRUE(server.program().wait().has_value());
  }
  EXPECT_EQ(ask_json(data, {"list"}, 69)["error"], "no-server");
}

TEST(Ctl, AnUpgradeIsAnsweredInJsonByTheProgramThatTookOver) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  const Json before = ask_json(data, {"status"});
  EXPECT_THAT(ask_json(data, {"upgrade"})["message"].get<std::string>(), HasSubstr("upgraded to"));
  const Json after = ask_json(data, {"status"});
  EXPECT_EQ(after["pid"], before["pid"]);
  EXPECT_GE(after["uptime_s"], before["uptime_s"]) << "the server did not start anew";
  EXPECT_EQ(after["epoch"], before["epoch"]);
}

TEST(Ctl, StatusShowsTheServerOnOneScreen) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  TextClient alice(server.port());
  JsonClient bob(server.port());
  static_cast<void>(id_of(bob));
  const Json before = ask_json(data, {"status"});
  for (int i = 0; i < 20; ++i) static_cast<void>(alice.ask("/b " + std::to_string(i)));
  Json status;
  eventually("both are counted and the rates are known", [&] {
    static_cast<void>(alice.ask("/b more"));
    status = ask_json(data, {"status"});
    return status["clients"] == 2 && status["rates"]["messages_per_s"] > 0 && status["rates"]["deliveries_per_s"] > 0;
  });
  EXPECT_EQ(status["pid"], server.pid());
  EXPECT_EQ(status["port"], server.port());
  EXPECT_EQ(status["data"], data.path().string());
  EXPECT_EQ(status["dialects"], (Json{{"text", 1}, {"json", 1}}));
  EXPECT_EQ(status["held"], 2);
  EXPECT_GE(status["seq"].get<int>(), before["seq"].get<int>() + 20);
  EXPECT_EQ(status["epoch"].get<std::string>().size(), 16u);
  EXPECT_GT(status["store_bytes"], 0);
  EXPECT_GT(status["free_bytes"], 0);
  EXPECT_EQ(status["posting"], (Json{{"works", true}, {"why_not", nullptr}}));

  const CtlRun text = run_ctl(data, {"status"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.output, HasSubstr("pid " + std::to_string(server.pid())));
  EXPECT_THAT(text.output, HasSubstr("2 (json 1, text 1); 2 connections held"));
  EXPECT_THAT(text.output, testing::EndsWith("\nOK posting works\n"));
  EXPECT_LT(std::ranges::count(text.output, '\n'), 24) << "one screen";
}

TEST(Ctl, StatusSaysWhyPostingDoesNotWork) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  server.expect_alerts();
  const pid_t stopped = server.ledger_pid();
  server.signal_child(stopped, SIGSTOP);
  eventually("a ledger that stands still is no ledger to post to", [&] {
    const Json status = ask_json(data, {"status"});
    return !status["posting"]["works"] &&
           status["posting"]["why_not"].get<std::string>().find("not been heard of") != std::string::npos;
  });
  EXPECT_THAT(run_ctl(data, {"status"}).output, HasSubstr("OK posting does not work: the ledger"));
  eventually("its successor is", [&] {
    const Json status = ask_json(data, {"status"});
    return status["posting"]["works"].get<bool>() && status["processes"][0]["pid"] != stopped;
  });
}

TEST(Ctl, KillIsADrillThatNoClientNotices) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  server.expect_alerts();
  TextClient alice(server.port());
  const std::uint64_t id = alice.id();
  const pid_t before = server.worker_pid(0);
  EXPECT_EQ(ask_json(data, {"kill", "0"})["message"], "killed worker 0 pid " + std::to_string(before));
  server.wait_until_all_serve({before});
  EXPECT_EQ(alice.id(), id);
  EXPECT_EQ(ask_json(data, {"status"})["processes"][1]["restarts"], 1);
  EXPECT_EQ(ask_json(data, {"kill", "63"}, 1)["error"], "no-such-worker");
  EXPECT_EQ(ask_json(data, {"kill", "1"}, 1)["error"], "not-serving");
}

}  // namespace
}  // namespace rookery::system_test
