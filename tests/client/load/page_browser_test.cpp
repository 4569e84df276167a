// tests/client/load/page_browser_test.cpp
//
// The page in a real browser: its script says in the page what it has drawn (client/load/report/plots.js), and the
// browser prints the page as it then is. Skipped where there is no Chromium.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>

#include "client/load/report/html.h"
#include "tests/client/child_process.h"
#include "tests/client/load/synthetic_results.h"
#include "tests/support/temporary_directory.h"

namespace rookery::load {
namespace {

using nlohmann::json;

std::optional<std::string> find_browser() {
  std::istringstream path(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
  for (std::string directory; std::getline(path, directory, ':');) {
    const std::string program = directory + "/chromium";
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

// The page after its scripts have run. The browser ends by itself when its virtual time is over; `timeout` is for a
// browser that hangs, and takes all its processes with it.
std::string page_after_scripts(const std::string& browser, const std::string& html, int width) {
  const test::TemporaryDirectory directory;
  const std::filesystem::path page = directory.path() / "report.html";
  std::ofstream(page, std::ios::binary) << html;
  client::ChildProcess process(
      client::ChildProcess::Stdio::Pipes,
      {"/usr/bin/timeout", "--kill-after=2", "300", browser, "--headless", "--no-sandbox", "--disable-gpu",
       "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
       "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + (directory.path() / "profile").string(),
       "--window-size=" + std::to_string(width) + ",2000", "--virtual-time-budget=5000", "--dump-dom",
       "file://" + page.string()},
      {"HOME=" + directory.path().string()});
  process.close_input();
  if (process.wait() != 0) throw std::runtime_error("the browser failed: " + process.errors());
  return process.output();
}

// The attributes of the first element that begins so: "<html", "<figure id=\"memory\"".
std::map<std::string, std::string> attributes_of(const std::string& page, const std::string& begin) {
  std::map<std::string, std::string> attributes;
  const std::size_t at = page.find(begin);
  if (at == std::string::npos) return attributes;
  std::string element = page.substr(at, page.find('>', at) - at);
  for (std::size_t name = element.find(' '); name != std::string::npos;) {
    const std::size_t equals = element.find("=\"", name);
    if (equals == std::string::npos) break;
    const std::size_t end = element.find('"', equals + 2);
    std::string value = element.substr(equals + 2, end - equals - 2);
    for (std::size_t quote = value.find("&quot;"); quote != std::string::npos; quote = value.find("&quot;"))
      value.replace(quote, 6, "\"");
    attributes[element.substr(name + 1, equals - name - 1)] = value;
    name = element.find(' ', end);
  }
  return attributes;
}

json data_of(const std::string& page) {
  const std::string begin = R"(id="data">)";
  const std::size_t at = page.find(begin) + begin.size();
  return json::parse(page.substr(at, page.find("</script>", at) - at));
}

// Every point that the data has, for every shape, at a place on the canvas.
void expect_all_drawn(const std::string& page) {
  const auto root = attributes_of(page, "<html");
  EXPECT_FALSE(root.contains("data-errors")) << root.at("data-errors");
  const json data = data_of(page);
  ASSERT_TRUE(root.contains("data-plots")) << "the script did not run to its end";
  EXPECT_EQ(root.at("data-plots"), std::to_string(data.at("plots").size()));
  EXPECT_EQ(root.at("data-fetched"), "0");
  EXPECT_EQ(root.at("data-overflow"), "0") << "the page scrolls sideways";
  for (const json& plot : data.at("plots")) {
    const std::string id = plot.at("id");
    const auto figure = attributes_of(page, "<figure id=\"" + id + "\"");
    ASSERT_TRUE(figure.contains("data-drawn")) << id;
    std::map<std::string, std::size_t> expected;
    for (const json& series : plot.at("series"))
      if (!series.at("points").empty()) expected[series.at("shape")] += series.at("points").size();
    EXPECT_EQ(json::parse(figure.at("data-points")), json(expected)) << id;
  }
}

class PageInABrowser : public testing::Test {
 protected:
  void SetUp() override {
    browser_ = find_browser();
    if (!browser_) GTEST_SKIP() << "there is no chromium in PATH (Debian package chromium)";
  }
  [[nodiscard]] std::string open(const Results& results, int width = 1400) const {
    return page_after_scripts(*browser_, html_report(results), width);
  }

  std::optional<std::string> browser_;
};

TEST_F(PageInABrowser, DrawsEveryPlotOfAWholeComparison) {
  const std::string page = open(synthetic_results(Truth::realistic()));
  expect_all_drawn(page);
  EXPECT_EQ(data_of(page).at("plots").size(), 16U);
}

TEST_F(PageInABrowser, FitsAPhone) {
  expect_all_drawn(open(synthetic_results(Truth::realistic()), 380));
}

TEST_F(PageInABrowser, DrawsWhatThereIsOfAQuickAndBrokenOne) {
  Truth truth = Truth::realistic();
  truth.rounds = 1;
  truth.shapes.erase("mixed");
  Results results = synthetic_results(truth);
  std::erase_if(results.samples, [](const Sample& sample) {
    return sample.experiment == "crash" || (sample.experiment == "echo" && sample.clients != 100) ||
           (sample.experiment == "memory" && sample.clients == 100) ||
           (sample.experiment == "paced" && sample.shape == "threads");
  });
  results.samples.front().failures = {
      "</script><script>document.documentElement.dataset.errors = 'broken out'</script>"};
  expect_all_drawn(open(results));
}

}  // namespace
}  // namespace rookery::load
