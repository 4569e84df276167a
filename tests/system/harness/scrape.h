// tests/system/harness/scrape.h
//
// What Prometheus does: asks by HTTP, and reads the text format strictly.
//
//   const std::string where = metrics_address(server);       // "127.0.0.1:43211" or "unix:/tmp/x", from the log
//   http_get(where, "/healthz").status                       // 200, 503
//   const Scrape scrape = scrape_metrics(where);             // throws std::runtime_error with the line that is wrong
//   scrape.sum("rookery_messages_total", {{"worker", "0"}})  // of all samples with these labels
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/harness/server_process.h"

namespace rookery::system_test {

struct HttpReply {
  int status = 0;  // 0: closed without an answer
  std::string head;
  std::string body;
};

// Sends the bytes as they are; the whole answer. Throws where nobody listens, or the answer takes too long.
[[nodiscard]] HttpReply http_exchange(const std::string& where, std::string_view request);
[[nodiscard]] HttpReply http_get(const std::string& where, std::string_view path);
// A socket that is connected there.
[[nodiscard]] int connect_to(const std::string& where);

[[nodiscard]] std::string metrics_address(const ServerProcess& server);

using Labels = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

struct Family {
  std::string type;
  std::string help;
  std::set<std::string> labels;  // of all its samples, without "le"
};

struct Scrape {
  std::map<std::string, Family> families;
  std::vector<Sample> samples;

  [[nodiscard]] double sum(std::string_view name, const Labels& labels = {}) const;
  // The name of a sample, the suffixes of histograms with it, belongs to this family; null: to none.
  [[nodiscard]] const Family* family_of(std::string_view name) const;
};

[[nodiscard]] Scrape parse_exposition(const std::string& text);
[[nodiscard]] Scrape scrape_metrics(const std::string& where);

}  // namespace rookery::system_test
