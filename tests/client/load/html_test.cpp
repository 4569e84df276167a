// tests/client/load/html_test.cpp
#include "client/load/report/html.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "client/load/report/fill.h"
#include "tests/client/load/synthetic_results.h"

namespace rookery::load {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t times = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++times;
  return times;
}

// The page without what lies within <script> and <style>.
std::string markup_of(const std::string& page) {
  std::string markup;
  std::size_t at = 0;
  while (true) {
    const std::size_t script = page.find("<script", at);
    const std::size_t style = page.find("<style", at);
    const std::size_t begin = std::min(script, style);
    markup += page.substr(at, begin - at);
    if (begin == std::string::npos) return markup;
    at = page.find(begin == script ? "</script>" : "</style>", begin);
    if (at == std::string::npos) throw std::runtime_error("a script or style that does not end");
    at = page.find('>', at) + 1;
  }
}

json data_of(const std::string& page) {
  const std::string begin = R"(<script type="application/json" id="data">)";
  const std::size_t at = page.find(begin) + begin.size();
  return json::parse(page.substr(at, page.find("</script>", at) - at));
}

// Every element that opens closes, in order; but for the elements that have no end.
void expect_balanced(const std::string& markup) {
  const std::vector<std::string> empty{"meta", "link", "!doctype", "br"};
  std::vector<std::string> open;
  for (std::size_t at = markup.find('<'); at != std::string::npos; at = markup.find('<', at + 1)) {
    const bool closes = markup[at + 1] == '/';
    const std::size_t begin = at + (closes ? 2 : 1);
    const std::string name = markup.substr(begin, markup.find_first_of(" >\n", begin) - begin);
    if (std::find(empty.begin(), empty.end(), name) != empty.end()) continue;
    if (!closes) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << "</" << name << "> at " << at;
    ASSERT_EQ(open.back(), name) << markup.substr(at > 200 ? at - 200 : 0, 220);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty()) << open.back();
}

TEST(HtmlReport, IsBalanced) {
  Results results = synthetic_results(Truth::realistic());
  results.samples.front().failures = {"something <b>"};
  expect_balanced(markup_of(html_report(results)));
}

TEST(HtmlReport, FetchesNothing) {
  const std::string markup = markup_of(html_report(synthetic_results(Truth::realistic())));
  EXPECT_THAT(markup, HasSubstr("default-src 'none'"));
  EXPECT_THAT(markup, Not(HasSubstr("src=")));
  EXPECT_THAT(markup, Not(HasSubstr("http:")));
  EXPECT_THAT(markup, Not(HasSubstr("https:")));
  EXPECT_EQ(count(markup, "href="), 1U) << "the empty icon";
}

TEST(HtmlReport, HasNoCodeInAttributes) {
  EXPECT_THAT(markup_of(html_report(synthetic_results(Truth::realistic()))), Not(testing::ContainsRegex(" on[a-z]+=")));
}

TEST(HtmlReport, EveryFigureOfEverySampleIsInIt) {
  const Results results = synthetic_results(Truth::realistic());
  const json data = data_of(html_report(results));
  ASSERT_EQ(data.at("samples").size(), results.samples.size());
  for (std::size_t i = 0; i < results.samples.size(); ++i)
    EXPECT_EQ(data["samples"][i].at("figures"), json(results.samples[i].figures));
}

TEST(HtmlReport, EveryPlotHasFinitePointsOfEveryShape) {
  const json data = data_of(html_report(synthetic_results(Truth::realistic())));
  EXPECT_EQ(data.at("plots").size(), 16U);
  for (const json& plot : data.at("plots")) {
    std::map<std::string, std::size_t> points;
    for (const json& series : plot.at("series")) {
      points[series.at("shape")] += series.at("points").size();
      for (const json& point : series.at("points")) {
        EXPECT_TRUE(point.at("y").is_number()) << plot.at("id");
        EXPECT_LE(point.at("low").get<double>(), point.at("high").get<double>()) << plot.at("id");
      }
    }
    EXPECT_EQ(points.size(), 4U) << plot.at("id");
    for (const auto& [shape, number] : points) EXPECT_GT(number, 0U) << plot.at("id") << " " << shape;
  }
}

TEST(HtmlReport, PercentilesAreThoseOfTheHistogram) {
  Results results = synthetic_results(Truth::alike());
  for (Sample& sample : results.samples)
    if (sample.experiment == "paced") sample.detail["histogram"] = {{100.0, 90}, {200.0, 9}, {5000.0, 1}};
  const json data = data_of(html_report(results));
  for (const json& plot : data.at("plots")) {
    if (plot.at("id") != "paced-percentiles") continue;
    EXPECT_EQ(plot.at("y").at("title"), "latency, µs");
    for (const json& point : plot.at("series").at(0).at("points")) {
      const double percentile = 1 - 1 / point.at("x").get<double>();
      const double expected = percentile <= 0.9 + 1e-9 ? 100 : 200;
      EXPECT_DOUBLE_EQ(point.at("y").get<double>(), expected) << percentile;
      EXPECT_LE(percentile, 0.99 + 1e-9) << "with 100 values there is nothing to say beyond";
    }
    return;
  }
  FAIL() << "no such plot";
}

TEST(HtmlReport, ForeignTextStaysText) {
  const std::string evil = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & \"quoted\" {{data}}";
  Results results = synthetic_results(Truth::alike());
  const std::string before = html_report(results);
  for (Sample& sample : results.samples) {
    sample.failures = {evil};
    sample.command = evil;
  }
  results.machine.processor = results.machine.kernel = results.machine.system = evil;
  results.version = results.begun = results.command = evil;
  for (Shape& shape : results.shapes) shape.title = evil;
  results.shapes.front().options = {evil};
  const std::string page = html_report(results);
  EXPECT_EQ(count(page, "<script"), count(before, "<script"));
  EXPECT_EQ(count(page, "</script>"), count(before, "</script>"));
  EXPECT_EQ(count(page, "<img"), count(before, "<img"));
  EXPECT_EQ(count(page, "<!--"), count(before, "<!--"));
  expect_balanced(markup_of(page));
  EXPECT_EQ(data_of(page).at("samples").at(0).at("failures").at(0), evil) << "and still says the same";
}

TEST(HtmlReport, TextThatIsNoUtf8IsShownAsFarAsItGoes) {
  Results results = synthetic_results(Truth::alike());
  results.machine.processor = "bad \xff byte";
  EXPECT_NO_THROW(static_cast<void>(data_of(html_report(results))));
}

TEST(HtmlReport, FailuresComeBeforeTheAnswer) {
  Results results = synthetic_results(Truth::alike());
  results.samples.front().failures = {"3 messages were lost"};
  const std::string page = html_report(results);
  EXPECT_LT(page.find("3 messages were lost"), page.find("id=\"answer\""));
}

TEST(HtmlReport, SaysHowItWasReallyMeasured) {
  const std::string page = html_report(synthetic_results(Truth::alike()));
  EXPECT_THAT(page, HasSubstr("In each round each shape is one server, freshly started, that goes through the "
                              "experiments in this order: start, memory, echo, fanout, paced and crash."));
  EXPECT_THAT(page, HasSubstr("The load tool and the server share the 4 cores of this machine, and neither is pinned"));
  EXPECT_THAT(page, HasSubstr("PSS has neither kernel stacks nor the buffers of sockets"));
  EXPECT_THAT(page,
              HasSubstr("from the due moment of a request, or from the end of its connection, to the next answer"));
}

// 3 comparisons of shapes, each of 35 figures at one number of clients: 105 / 126.
TEST(HtmlReport, ExpectsAsManyChanceFindingsAsThereAreComparisons) {
  const std::string page = html_report(synthetic_results(Truth::alike()));
  EXPECT_THAT(page,
              HasSubstr("105 comparisons at one number of clients are behind this page, so expect up to 0.8 that"));
}

TEST(HtmlReport, MarksWhatTheLoadToolLimited) {
  Results results = synthetic_results(Truth::alike());
  EXPECT_THAT(markup_of(html_report(results)), Not(HasSubstr("load tool was the limit,")));
  for (Sample& sample : results.samples)
    if (sample.experiment == "echo" && sample.clients == 100)
      sample.detail["remarks"] = {"the load tool was the limit: busy for 97 %"};
  const std::string markup = markup_of(html_report(results));
  EXPECT_EQ(count(markup, "<td class=\"number\">*"), 6U * 4) << "throughput and five latencies of each shape";
  EXPECT_THAT(markup, HasSubstr("* In at least one of these runs the load tool was the limit, not the server"));
  EXPECT_THAT(markup, HasSubstr("with 100 clients: not told: the load tool was the limit"));
  EXPECT_EQ(count(markup, "The load tool was the limit in some runs with 100 clients"), 2U) << "below both plots";
  EXPECT_EQ(count(markup, "<span class=\"remark\">the load tool was the limit: busy for 97 %"), 20U);
}

TEST(HtmlReport, OfHalfARunIsAPageToo) {
  Results results = synthetic_results(Truth::alike());
  std::erase_if(results.samples, [](const Sample& sample) { return sample.experiment != "start" || sample.round > 0; });
  expect_balanced(markup_of(html_report(results)));
  expect_balanced(markup_of(html_report(Results{})));
}

TEST(Fill, PutsValuesInOnce) {
  EXPECT_EQ(fill("a {{x}} b {{y}}", {{"x", "{{y}}"}, {"y", "2"}}), "a {{y}} b 2");
  EXPECT_THROW(static_cast<void>(fill("{{z}}", {})), std::logic_error);
}

}  // namespace
}  // namespace rookery::load
