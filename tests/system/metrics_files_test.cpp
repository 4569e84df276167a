// The table in docs/metrics.md, the dashboard and the alert rules speak of metrics and labels that a running server
// has.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/system/harness/people.h"
#include "tests/system/harness/scrape.h"

namespace rookery::system_test {
namespace {

namespace fs = std::filesystem;

const fs::path kDocs = fs::path(ROOKERY_SOURCE_DIRECTORY) / "docs";

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  EXPECT_TRUE(stream.good()) << file;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool is_of_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// A metric as an expression names it: with the labels of its braces, "rookery_x{a="b",c=~"d"}".
struct Mention {
  std::string name;
  std::vector<std::string> labels;
};

std::vector<Mention> mentions_in(const std::string& text) {
  std::vector<Mention> mentions;
  const std::string prefix = "rookery_";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
    if (at > 0 && is_of_name(text[at - 1])) continue;
    std::size_t end = at;
    while (end < text.size() && is_of_name(text[end])) ++end;
    Mention mention{text.substr(at, end - at), {}};
    if (end < text.size() && text[end] == '{') {
      std::string label;
      bool quoted = false;
      for (++end; end < text.size() && text[end] != '}'; ++end) {
        if (text[end] == '"') quoted = !quoted;
        if (quoted) continue;
        if (is_of_name(text[end])) label += text[end];
        if (text[end] == '=' || text[end] == '!') {
          if (!label.empty()) mention.labels.push_back(label);
          label.clear();
        }
      }
    }
    mentions.push_back(std::move(mention));
  }
  return mentions;
}

// The labels behind "by (" and "without (" and in legends "{{label}}".
std::vector<std::string> other_labels_in(const std::string& text) {
  std::vector<std::string> labels;
  const auto collect = [&](const std::string& opening, const std::string& closing) {
    for (std::size_t at = text.find(opening); at != std::string::npos; at = text.find(opening, at + 1)) {
      const std::size_t end = text.find(closing, at);
      std::string label;
      for (std::size_t i = at + opening.size(); i < end; ++i) {
        if (is_of_name(text[i])) label += text[i];
        if (is_of_name(text[i]) && i + 1 < end) continue;
        if (!label.empty()) labels.push_back(label);
        label.clear();
      }
    }
  };
  collect("by (", ")");
  collect("by(", ")");
  collect("{{", "}}");
  return labels;
}

class MetricsFiles : public testing::Test {
 protected:
  MetricsFiles() : server_({"--workers", "1", "--metrics", "127.0.0.1:0"}) {
    scrape_ = scrape_metrics(metrics_address(server_));
    for (const auto& [name, family] : scrape_.families) all_labels_.insert(family.labels.begin(), family.labels.end());
  }

  void expect_it_all_exists(const std::string& text, const std::string& where) const {
    const auto mentions = mentions_in(text);
    EXPECT_FALSE(mentions.empty()) << where;
    for (const Mention& mention : mentions) {
      const Family* const family = scrape_.family_of(mention.name);
      if (family == nullptr || (family->type == "histogram" && scrape_.families.contains(mention.name))) {
        ADD_FAILURE() << where << ": nothing that is served is called " << mention.name;
        continue;
      }
      for (const std::string& label : mention.labels)
        EXPECT_TRUE(family->labels.contains(label) || (label == "le" && family->type == "histogram"))
            << where << ": " << mention.name << " has no label " << label;
    }
  }
  // What Prometheus adds by itself is known too.
  void expect_labels(const std::string& text, const std::string& where, std::set<std::string> besides) const {
    besides.insert(all_labels_.begin(), all_labels_.end());
    for (const std::string& label : other_labels_in(text))
      EXPECT_TRUE(besides.contains(label)) << where << ": nothing has a label " << label;
  }

  ServerProcess server_;
  Scrape scrape_;
  std::set<std::string> all_labels_;
};

TEST_F(MetricsFiles, TheTableHasThemAllAndNoOthers) {
  std::map<std::string, std::pair<std::string, std::string>> table;  // name: type, labels
  std::istringstream lines(text_of(kDocs / "metrics.md"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `rookery_")) continue;
    std::vector<std::string> cells;
    std::istringstream row(line.substr(1));
    for (std::string cell; std::getline(row, cell, '|');) {
      std::erase(cell, '`');
      const std::size_t first = cell.find_first_not_of(' ');
      cells.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
    }
    ASSERT_GE(cells.size(), 4U) << line;
    EXPECT_FALSE(cells[3].empty()) << line;
    EXPECT_TRUE(table.emplace(cells[0], std::pair{cells[1], cells[2]}).second) << cells[0] << " twice";
  }
  for (const auto& [name, family] : scrape_.families) {
    ASSERT_TRUE(table.contains(name)) << name << " is not in docs/metrics.md";
    std::string labels;
    for (const std::string& label : family.labels) labels += (labels.empty() ? "" : ", ") + label;
    EXPECT_EQ(table[name], std::pair(family.type, labels)) << name;
    table.erase(name);
  }
  for (const auto& [name, ignored] : table) ADD_FAILURE() << name << " is in docs/metrics.md and not served";
}

TEST_F(MetricsFiles, TheDashboard) {
  const std::string text = text_of(kDocs / "operating" / "rookery-dashboard.json");
  const auto dashboard = nlohmann::json::parse(text);
  ASSERT_FALSE(dashboard["panels"].empty());
  for (const auto& panel : dashboard["panels"]) {
    EXPECT_TRUE(panel.contains("title") && panel.contains("gridPos")) << panel;
    for (const auto& target : panel.value("targets", nlohmann::json::array())) {
      const std::string where = "panel " + panel["title"].get<std::string>();
      expect_it_all_exists(target["expr"].get<std::string>(), where);
      expect_labels(target["expr"].get<std::string>() + target.value("legendFormat", ""), where, {"le", "instance"});
    }
  }
}

TEST_F(MetricsFiles, TheAlertRules) {
  const std::string text = text_of(kDocs / "operating" / "rookery-alerts.yml");
  expect_it_all_exists(text, "rookery-alerts.yml");
  expect_labels(text, "rookery-alerts.yml", {"le", "instance", "labels"});
}

// Where the tool is: it knows the format better than we do.
TEST_F(MetricsFiles, AsPromtoolSeesThem) {
  if (std::system("command -v promtool > /dev/null") != 0) GTEST_SKIP() << "there is no promtool here";
  EXPECT_EQ(std::system(("promtool check rules " + (kDocs / "operating" / "rookery-alerts.yml").string()).c_str()), 0);
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "m") << http_get(metrics_address(server_), "/metrics").body;
  EXPECT_EQ(std::system(("promtool check metrics < " + (directory.path() / "m").string()).c_str()), 0);
}

}  // namespace
}  // namespace rookery::system_test
