// rookery-load as a program, against the real server: clean runs are clean, what it prints fits together, and it ends
// as it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "tests/client/load/scripted_chat.h"
#include "tests/support/driven_programs.h"
#include "tests/system/harness/server_process.h"

namespace rookery::load {
namespace {

using system_test::ChildProgram;
using system_test::eventually;
using system_test::ServerProcess;
using test::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Finished {
  int exit_code = -1;
  std::string output;
  std::string errors;
};

std::vector<std::string> with_program(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), test::program("rookery-load"));
  return arguments;
}

Finished run(std::vector<std::string> arguments, std::optional<unsigned long> descriptor_limit = {}) {
  const TemporaryDirectory files;
  ChildProgram program({.command = with_program(std::move(arguments)),
                        .directory = files.path(),
                        .descriptor_limit = descriptor_limit,
                        .environment = {}});
  Finished result;
  result.exit_code = program.wait().value_or(-1);
  result.output = program.output();
  result.errors = program.errors();
  return result;
}

std::string address_of(const ServerProcess& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

void expect_clean_and_consistent(const Finished& run) {
  ASSERT_EQ(run.exit_code, 0) << run.output << run.errors;
  const nlohmann::json result = nlohmann::json::parse(run.output);
  EXPECT_EQ(result["ok"], true);
  for (const auto& [kind, count] : result["faults"].items()) EXPECT_TRUE(count == 0 || count.empty()) << kind;

  const auto operations = result["operations"].get<std::uint64_t>();
  EXPECT_GT(operations, 0U);
  EXPECT_NEAR(result["throughput_per_s"].get<double>(),
              static_cast<double>(operations) / result["seconds"].get<double>(), 0.01);

  const nlohmann::json& latency = result["latency_us"];
  EXPECT_EQ(latency["count"], operations);
  std::uint64_t count = 0;
  double last_edge = -1;
  for (const nlohmann::json& bucket : latency["histogram"]) {
    EXPECT_GT(bucket[0].get<double>(), last_edge);
    last_edge = bucket[0].get<double>();
    count += bucket[1].get<std::uint64_t>();
  }
  EXPECT_EQ(count, operations);
  EXPECT_GE(last_edge, latency["max"].get<double>());
  double last = 0;
  for (const char* figure : {"min", "p50", "p90", "p99", "p999", "max"}) {
    EXPECT_GE(latency[figure].get<double>(), last) << figure;
    last = latency[figure].get<double>();
  }
}

using HowToRun = std::tuple<const char*, bool>;  // dialect, open loop
class RealServer : public ::testing::TestWithParam<HowToRun> {
 protected:
  [[nodiscard]] Finished run_mode(std::vector<std::string> arguments, const char* rate) const {
    const auto& [dialect, open_loop] = GetParam();
    arguments.insert(arguments.end(), {address_of(server_), "--dialect", dialect, "--threads", "2", "--seconds", "0.5",
                                       "--warm-up", "0.1", "--json"});
    if (open_loop)
      arguments.insert(arguments.end(), {"--rate", rate});
    else
      arguments.insert(arguments.end(), {"--window", "4"});
    return run(arguments);
  }
  ServerProcess server_{{"--workers", "2"}};
};
INSTANTIATE_TEST_SUITE_P(Ways, RealServer, ::testing::Combine(::testing::Values("text", "json"), ::testing::Bool()),
                         [](const auto& instance) {
                           return std::string(std::get<0>(instance.param)) +
                                  (std::get<1>(instance.param) ? "Open" : "Closed");
                         });

TEST_P(RealServer, EchoIsClean) {
  expect_clean_and_consistent(run_mode({"echo", "--clients", "25", "--size", "300"}, "400"));
}

TEST_P(RealServer, FanoutIsClean) {
  const Finished result = run_mode({"fanout", "--readers", "12", "--senders", "3"}, "60");
  expect_clean_and_consistent(result);
  const nlohmann::json json = nlohmann::json::parse(result.output);
  EXPECT_GT(json["sent"], 0);
  EXPECT_GT(json["operations"], json["sent"]);
}

TEST_P(RealServer, TheLongestAndTheShortestTexts) {
  for (const char* size : {"32", "8064"}) {
    expect_clean_and_consistent(run_mode({"echo", "--clients", "2", "--size", size}, "50"));
    expect_clean_and_consistent(run_mode({"fanout", "--readers", "2", "--size", size}, "20"));
  }
}

TEST(LoadProgram, PrintsATableForPeople) {
  const ServerProcess server;
  const Finished result = run({"echo", address_of(server), "--clients", "3", "--seconds", "0.2", "--quiet"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("operations a second"), HasSubstr("p99.9"), HasSubstr("faults      none")));
  EXPECT_THAT(result.errors, IsEmpty());
}

TEST(LoadProgram, ADeadWorkerIsNoFault) {
  ServerProcess server({"--workers", "2"});
  const TemporaryDirectory files;
  ChildProgram program({.command = with_program({"echo", address_of(server), "--clients", "20", "--seconds", "4",
                                                 "--json", "--rate", "200"}),
                        .directory = files.path(),
                        .descriptor_limit = {},
                        .environment = {}});
  eventually("all clients are there", [&] { return server.client_count() == 20; });
  std::vector<system_test::ProcessRow> rows = server.processes();
  std::erase_if(rows, [](const system_test::ProcessRow& row) { return row.role != "worker"; });
  const auto fullest = *std::max_element(
      rows.begin(), rows.end(), [](const auto& one, const auto& other) { return one.clients < other.clients; });
  server.expect_alerts();
  server.kill_child(fullest.pid);
  EXPECT_EQ(program.wait(), 0) << program.output();
  const nlohmann::json result = nlohmann::json::parse(program.output());
  EXPECT_EQ(result["ok"], true);
  EXPECT_GT(result["operations"], 0);
}

TEST(LoadProgram, AClosedConnectionIsAFaultAndExitCode1) {
  const ServerProcess server({"--workers", "2"});
  const TemporaryDirectory files;
  ChildProgram program({.command = with_program({"echo", address_of(server), "--clients", "20", "--seconds", "4",
                                                 "--json", "--rate", "200"}),
                        .directory = files.path(),
                        .descriptor_limit = {},
                        .environment = {}});
  eventually("all clients are there", [&] { return server.client_count() == 20; });
  std::istringstream list(server.console("list"));
  std::string line, id;
  std::getline(list, line);  // the titles
  int kicked = 0;
  while (kicked < 3 && list >> id && std::getline(list, line)) kicked += server.console("kick " + id).starts_with("OK");
  EXPECT_EQ(kicked, 3);
  EXPECT_EQ(program.wait(), 1);
  const nlohmann::json result = nlohmann::json::parse(program.output());
  EXPECT_EQ(result["ok"], false);
  EXPECT_EQ(result["faults"]["closed"], 3);
  EXPECT_GT(result["operations"], 0);
}

TEST(LoadProgram, BytesThatAreNoTextDoNotCostTheResult) {
  const ScriptedChat server(
      {.echo = [](const Line& line) { return Lines{line.index == 3 ? "Echo: \xff\xc3" : line.text}; }});
  const Finished result = run({"echo", client::to_string(server.endpoint()), "--clients", "1", "--seconds", "0.2",
                               "--warm-up", "0", "--json", "--quiet"});
  EXPECT_EQ(result.exit_code, 1) << result.errors;
  const nlohmann::json json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["faults"]["wrong_bytes"], 1);
  EXPECT_THAT(json["faults"]["examples"].at(0).get<std::string>(), HasSubstr("\xef\xbf\xbd"));
}

TEST(LoadProgram, AFullServerIsExitCode69) {
  const ServerProcess server({"--max-clients", "5"});
  const Finished result = run({"echo", address_of(server), "--clients", "9"});
  EXPECT_EQ(result.exit_code, 69);
  EXPECT_THAT(result.errors, HasSubstr("full"));
}

TEST(LoadProgram, TooFewDescriptorsAreExitCode69) {
  const ServerProcess server;
  const Finished result = run({"echo", address_of(server), "--clients", "1000"}, 200);
  EXPECT_EQ(result.exit_code, 69);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("1000 connections need"), HasSubstr("200")));
}

TEST(LoadProgram, NoServerIsExitCode69) {
  const Finished result = run({"fanout", "127.0.0.1:1"});
  EXPECT_EQ(result.exit_code, 69);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("cannot connect to 127.0.0.1:1"), HasSubstr("refused")));
  EXPECT_THAT(result.output, IsEmpty());
}

TEST(LoadProgram, WhatMakesNoSenseIsExitCode64) {
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"dance"},
      {"echo", "--clients", "0"},
      {"echo", "--clients", "many"},
      {"echo", "--size", "31"},
      {"echo", "--size", "8192"},
      {"echo", "--window", "0"},
      {"echo", "--rate", "-1"},
      {"echo", "--rate", "100", "--window", "4"},
      {"echo", "--dialect", "morse"},
      {"echo", "--senders", "2"},
      {"echo", "127.0.0.1:99999"},
      {"fanout", "--senders", "0"},
      {"echo", "--clients", "4", "--threads", "5"},
  };
  for (const auto& arguments : wrong) {
    const Finished result = run(arguments);
    EXPECT_EQ(result.exit_code, 64) << ::testing::PrintToString(arguments);
    EXPECT_THAT(result.errors, HasSubstr("rookery-load")) << ::testing::PrintToString(arguments);
  }
}

TEST(LoadProgram, HelpNamesUnitsAndDefaults) {
  const Finished result = run({"fanout", "--help"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* part : {"--readers", "--senders", "--rate", "BYTES [100]", "S [5]", "Exit codes"})
    EXPECT_THAT(result.output, HasSubstr(part));
}

}  // namespace
}  // namespace rookery::load
