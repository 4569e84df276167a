// What a results.json says after it was written and read, and what a wrong one is called.
#include "client/load/compare/results.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace rookery::load {
namespace {

Results some_results() {
  Results results;
  results.version = "1.2.3";
  results.begun = "2026-11-21T10:00:00Z";
  results.seconds = 61.5;
  results.command = "rookery-load compare --quick";
  results.quick = true;
  results.rounds = 3;
  results.machine = {"A Processor", 8, std::uint64_t{64} << 30, "Linux 6.18.5", "Debian \"12\"", 0.25};
  results.shapes = {{"processes", "4 processes", {"--workers", "4", "--loops", "1"}}};
  Sample echo;
  echo.experiment = "echo";
  echo.shape = "processes";
  echo.round = 2;
  echo.clients = 100;
  echo.figures = {{"throughput_per_s", 123456.789}, {"latency_p50_us", 0.1}};
  echo.detail = {{"histogram", {{1.5, 3}, {2.5, 4}}}};
  echo.command = "rookery-load echo --clients 100";
  Sample failed;
  failed.experiment = "start";
  failed.shape = "processes";
  failed.failures = {"the server does not start", "\xc3\xa4"};
  results.samples = {echo, failed};
  return results;
}

std::string complaint_about(const nlohmann::json& json) {
  try {
    static_cast<void>(results_from_json(json));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

TEST(Results, AreTheSameAfterWritingAndReading) {
  const Results before = some_results();
  const Results after = results_from_json(nlohmann::json::parse(to_json(before).dump()));
  EXPECT_EQ(after.version, "1.2.3");
  EXPECT_EQ(after.begun, "2026-11-21T10:00:00Z");
  EXPECT_EQ(after.seconds, 61.5);
  EXPECT_EQ(after.command, "rookery-load compare --quick");
  EXPECT_TRUE(after.quick);
  EXPECT_EQ(after.rounds, 3U);
  EXPECT_EQ(after.machine.processor, "A Processor");
  EXPECT_EQ(after.machine.cores, 8U);
  EXPECT_EQ(after.machine.memory_bytes, std::uint64_t{64} << 30);
  EXPECT_EQ(after.machine.kernel, "Linux 6.18.5");
  EXPECT_EQ(after.machine.system, "Debian \"12\"");
  EXPECT_EQ(after.machine.load_before, 0.25);
  ASSERT_EQ(after.shapes.size(), 1U);
  EXPECT_EQ(after.shapes[0].key, "processes");
  EXPECT_EQ(after.shapes[0].title, "4 processes");
  EXPECT_EQ(after.shapes[0].options, before.shapes[0].options);
  ASSERT_EQ(after.samples.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(after.samples[i].experiment, before.samples[i].experiment);
    EXPECT_EQ(after.samples[i].shape, before.samples[i].shape);
    EXPECT_EQ(after.samples[i].round, before.samples[i].round);
    EXPECT_EQ(after.samples[i].clients, before.samples[i].clients);
    EXPECT_EQ(after.samples[i].figures, before.samples[i].figures);
    EXPECT_EQ(after.samples[i].detail, before.samples[i].detail);
    EXPECT_EQ(after.samples[i].command, before.samples[i].command);
    EXPECT_EQ(after.samples[i].failures, before.samples[i].failures);
  }
}

TEST(Results, AreWrittenWhateverAServerSent) {
  Results results = some_results();
  results.samples[1].failures = {"client 3: is not what was sent: \"\xff\xc3\""};
  const Results after = results_from_json(nlohmann::json::parse(json_text(results)));
  EXPECT_EQ(after.samples.at(1).failures.at(0), "client 3: is not what was sent: \"\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(Results, ErrorsNameThePlace) {
  const nlohmann::json good = to_json(some_results());
  ASSERT_EQ(complaint_about(good), "none");

  EXPECT_EQ(complaint_about(nlohmann::json::array()), "not an object");
  nlohmann::json json = good;
  json.erase("machine");
  EXPECT_EQ(complaint_about(json), "machine: is missing");
  json = good;
  json["machine"].erase("cores");
  EXPECT_EQ(complaint_about(json), "machine.cores: is missing");
  json = good;
  json["samples"][1]["figures"] = "many";
  EXPECT_EQ(complaint_about(json), "samples[1].figures: not of the kind that it should be");
  json = good;
  json["samples"][0]["clients"] = -1;
  EXPECT_EQ(complaint_about(json), "samples[0].clients: not a whole number from 0 on");
  json = good;
  json["samples"][0] = 7;
  EXPECT_EQ(complaint_about(json), "samples[0]: not an object");
  json = good;
  json["shapes"] = nlohmann::json::object();
  EXPECT_EQ(complaint_about(json), "shapes: not a list");
  json = good;
  json["format"] = 2;
  EXPECT_EQ(complaint_about(json), "format 2, and this program reads format 1 only");
}

}  // namespace
}  // namespace rookery::load
