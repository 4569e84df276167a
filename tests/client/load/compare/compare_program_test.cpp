// `rookery-load compare` as people run it, from beginning to end, with the real server in every shape.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "client/load/compare/results.h"
#include "tests/client/child_process.h"
#include "tests/support/temporary_directory.h"

namespace rookery::load {
namespace {

using client::ChildProcess;
using test::TemporaryDirectory;

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// A place for results and one for what the program needs meanwhile. Whatever it leaves behind is found: processes that
// lost their parent become children of this one.
class Surroundings final {
 public:
  Surroundings() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& options) const {
    std::vector<std::string> words{LOAD_PROGRAM, "compare", "--output", output().string()};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
  [[nodiscard]] std::vector<std::string> environment() const { return {"TMPDIR=" + scratch_.path().string()}; }
  [[nodiscard]] std::filesystem::path output() const { return results_.path() / "new" / "results"; }
  [[nodiscard]] Results results() const {
    return results_from_json(nlohmann::json::parse(contents(output() / "results.json")));
  }

  void expect_nothing_left() const {
    for (const auto& entry : std::filesystem::directory_iterator(scratch_.path()))
      ADD_FAILURE() << "left behind: " << entry.path();
    // Adopted zombies are processes that had ended; one that still runs is not reaped and makes this fail.
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process was left behind";
  }

 private:
  TemporaryDirectory results_;
  TemporaryDirectory scratch_;
};

void expect_plausible_load(const Sample& sample) {
  const auto& figure = sample.figures;
  EXPECT_GT(figure.at("throughput_per_s"), 0);
  EXPECT_GT(figure.at("latency_p50_us"), 0);
  EXPECT_LE(figure.at("latency_p50_us"), figure.at("latency_p90_us"));
  EXPECT_LE(figure.at("latency_p90_us"), figure.at("latency_p99_us"));
  EXPECT_LE(figure.at("latency_p99_us"), figure.at("latency_p999_us"));
  EXPECT_LE(figure.at("latency_p999_us"), figure.at("latency_max_us") * 1.01);  // the edge of its bucket
  EXPECT_GT(figure.at("cpu_us_per_op"), 0);
  EXPECT_NEAR(figure.at("cpu_user_us_per_op") + figure.at("cpu_system_us_per_op"), figure.at("cpu_us_per_op"), 0.01);
  EXPECT_GT(figure.at("switches_voluntary_per_op"), 0);
  EXPECT_GE(figure.at("switches_involuntary_per_op"), 0);
  EXPECT_GT(sample.detail.at("histogram").size(), 5U);
}

void expect_plausible_crash(const Sample& sample) {
  const auto& figure = sample.figures;
  EXPECT_GT(figure.at("killed_of"), 0);
  EXPECT_LE(figure.at("killed_of"), sample.clients);
  EXPECT_EQ(figure.at("lost"), 0);
  EXPECT_GT(figure.at("pause_max_ms"), 0);
  EXPECT_LE(figure.at("pause_p50_ms"), figure.at("pause_max_ms"));
  double before = 0;
  double after = 0;
  for (const auto& row : sample.detail.at("timeline"))
    (row.at(0).get<double>() < 0 ? before : after) += row.at(1).get<double>();
  EXPECT_GT(before, 0);
  EXPECT_GT(after, 0);
}

TEST(CompareProgram, MeasuresEveryShapeInEveryRound) {
  const Surroundings here;
  ChildProcess program(ChildProcess::Stdio::Pipes,
                       here.command({"--quick", "--rounds", "2", "--clients", "10,50", "--parallel", "4"}),
                       here.environment());
  ASSERT_EQ(program.wait(), 0) << program.errors();
  here.expect_nothing_left();
  EXPECT_NE(program.errors().find("This takes about"), std::string::npos) << program.errors();
  EXPECT_NE(program.errors().find("round 2 of 2, a thread per client: crash"), std::string::npos) << program.errors();

  const Results results = here.results();
  EXPECT_EQ(results.rounds, 2U);
  EXPECT_TRUE(results.quick);
  EXPECT_GE(results.machine.cores, 1U);
  EXPECT_GT(results.machine.memory_bytes, 0U);
  ASSERT_EQ(results.shapes.size(), 4U);

  std::set<std::tuple<std::string, std::string, std::uint32_t, std::uint32_t>> there;
  std::map<std::tuple<std::string, std::uint32_t, std::uint32_t>, double> page_tables;  // by shape, round, clients
  for (const Sample& sample : results.samples) {
    SCOPED_TRACE(sample.experiment + ", " + sample.shape + ", " + std::to_string(sample.clients) + " clients");
    EXPECT_EQ(sample.failures, std::vector<std::string>{});
    EXPECT_TRUE(there.insert({sample.experiment, sample.shape, sample.round, sample.clients}).second) << "twice";
    if (sample.experiment == "start") {
      EXPECT_GT(sample.figures.at("start_ms"), 0);
    }
    EXPECT_NE(sample.command, "");
    if (sample.experiment == "memory") {
      EXPECT_GT(sample.figures.at("pss_bytes"), 0);
      page_tables[{sample.shape, sample.round, sample.clients}] = sample.figures.at("page_tables_bytes");
    }
    if (sample.experiment == "echo" || sample.experiment == "fanout" || sample.experiment == "paced")
      expect_plausible_load(sample);
    if (sample.experiment == "paced") {
      EXPECT_LE(sample.figures.at("throughput_per_s"), sample.figures.at("rate_per_s") * 1.1);
    }
    if (sample.experiment == "crash") {
      expect_plausible_crash(sample);
      EXPECT_EQ(sample.figures.at("cut_off"), 0);
    }
  }
  for (const Shape& shape : results.shapes) {
    for (std::uint32_t round = 0; round < 2; ++round) {
      SCOPED_TRACE(shape.key);
      for (const char* experiment : {"start", "memory", "echo", "fanout", "paced", "crash"}) {
        EXPECT_TRUE(std::ranges::any_of(there, [&](const auto& key) {
          return std::get<0>(key) == experiment && std::get<1>(key) == shape.key && std::get<2>(key) == round;
        })) << experiment;
      }
      EXPECT_TRUE(there.contains({"echo", shape.key, round, 10}) && there.contains({"echo", shape.key, round, 50}));
      EXPECT_GT((page_tables[{shape.key, round, 0}]), 0);
    }
  }
  // Not the proportional set size: other tests' servers, of the same program, take their share of its pages.
  for (std::uint32_t round = 0; round < 2; ++round)
    EXPECT_GT((page_tables[{"thread-per-client", round, 50}]), (page_tables[{"thread-per-client", round, 0}]));

  const std::string page = contents(here.output() / "report.html");
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>") || page.starts_with("<!doctype html>")) << page.substr(0, 80);
  EXPECT_NE(program.output().find((here.output() / "report.html").string()), std::string::npos) << program.output();
}

TEST(CompareProgram, KeepsWhatThereIsWhenItIsInterrupted) {
  const Surroundings here;
  ChildProcess program(ChildProcess::Stdio::Terminal,
                       here.command({"--quick", "--rounds", "50", "--clients", "10", "--shapes", "processes,threads",
                                     "--parallel", "4"}),
                       here.environment());
  program.read_until("round 1 of 50, 4 processes: crash");
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), 130) << program.output();
  here.expect_nothing_left();
  const Results results = here.results();
  EXPECT_TRUE(std::ranges::any_of(results.samples, [](const Sample& sample) { return sample.experiment == "echo"; }));
  EXPECT_TRUE(std::ranges::none_of(results.samples, [](const Sample& sample) { return sample.experiment == "crash"; }));
  EXPECT_TRUE(std::filesystem::exists(here.output() / "report.html"));
}

TEST(CompareProgram, GoesOnWhereResultsCannotBeWrittenAndSaysSo) {
  const Surroundings here;
  ChildProcess program(
      ChildProcess::Stdio::Terminal,
      here.command({"--quick", "--rounds", "1", "--clients", "10", "--shapes", "processes", "--parallel", "4"}),
      here.environment());
  program.read_until("This takes about");
  const std::filesystem::path in_the_way = here.output() / "results.json" / "something";
  for (std::error_code error; !std::filesystem::is_directory(in_the_way);) {  // it may be written once more meanwhile
    std::filesystem::remove(in_the_way.parent_path(), error);
    std::filesystem::create_directories(in_the_way, error);
  }
  EXPECT_EQ(program.wait(), 70);
  EXPECT_NE(program.output().find("results.json: is a directory"), std::string::npos) << program.output();
  EXPECT_NE(program.output().find("throughput"), std::string::npos) << "the table: " << program.output();
  EXPECT_TRUE(std::filesystem::exists(here.output() / "report.html"));
  here.expect_nothing_left();
}

TEST(CompareProgram, SaysWhenAServerDoesNotStart) {
  const Surroundings here;
  std::filesystem::create_directories(here.output());
  std::ofstream(here.output() / "report.html") << "of an earlier comparison";
  ChildProcess program(ChildProcess::Stdio::Pipes, here.command({"--quick", "--server", "/bin/false"}),
                       here.environment());
  EXPECT_EQ(program.wait(), 70);
  EXPECT_NE(program.errors().find("the server does not start"), std::string::npos) << program.errors();
  EXPECT_FALSE(std::filesystem::exists(here.output() / "report.html"));
  here.expect_nothing_left();
}

TEST(CompareProgram, RefusesAWrongOptionBeforeItMeasures) {
  const Surroundings here;
  ChildProcess program(ChildProcess::Stdio::Pipes, here.command({"--parallel", "5"}), here.environment());
  EXPECT_EQ(program.wait(), 64);
  EXPECT_NE(program.errors().find("5 is odd"), std::string::npos) << program.errors();
  EXPECT_FALSE(std::filesystem::exists(here.output()));
}

}  // namespace
}  // namespace rookery::load
