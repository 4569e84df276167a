#include "master/console/report_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "ipc/wire/timestamp.h"

namespace rookery::master {

namespace {

using Json = nlohmann::ordered_json;

// Never throws for what stands in it: what is not UTF-8 is replaced.
std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Json done() {
  return Json{{"ok", true}};
}

template <class Value>
Json or_null(bool has, const Value& value) {
  return has ? Json(value) : Json(nullptr);
}

// To a tenth: more says nothing.
double rounded(double figure) {
  return std::round(figure * 10) / 10;
}

Json client(const ClientRow& row) {
  const auto since = wire::format_timestamp(row.since_ms);
  return {{"client", row.client},    {"name", row.name},     {"address", row.address},
          {"dialect", row.dialect},  {"worker", row.worker}, {"since", std::string_view(since.data(), since.size())},
          {"messages", row.messages}};
}

Json process(const ProcessRow& row) {
  const bool runs = row.pid.has_value();
  const bool is_worker = row.worker.has_value();
  return {{"process", is_worker ? "worker" : "ledger"},
          {"worker", or_null(is_worker, row.worker.value_or(0))},
          {"pid", or_null(runs, row.pid.value_or(0))},
          {"state", row.state},
          {"age_s", or_null(runs, row.age.count())},
          {"restarts", row.restarts},
          {"heartbeat_ms", or_null(runs, row.heartbeat_age.count())},
          {"clients", or_null(is_worker, row.clients)},
          {"outbox_words", or_null(is_worker, row.outbox_depth_words)},
          {"deliveries", or_null(is_worker && runs, row.deliveries)},
          {"note", or_null(!row.note.empty(), row.note)}};
}

void add_processes(Json& json, std::span<const ProcessRow> rows, std::span<const ShutOutRow> shut_out) {
  Json& processes = json["processes"] = Json::array();
  for (const ProcessRow& row : rows) processes.push_back(process(row));
  Json& networks = json["shut_out"] = Json::array();
  for (const ShutOutRow& row : shut_out) networks.push_back({{"network", row.network}, {"left_s", row.left.count()}});
}

// The first word and what comes after the blank.
std::pair<std::string_view, std::string_view> split_at_blank(std::string_view line) {
  const std::size_t end = line.find(' ');
  if (end == std::string_view::npos) return {line, {}};
  return {line.substr(0, end), line.substr(end + 1)};
}

}  // namespace

std::string json_clients(std::span<const ClientRow> rows, std::size_t max_bytes) {
  std::string out = R"({"ok":true,"clients":[)";
  std::size_t shown = 0;
  for (const ClientRow& row : rows) {
    const std::string one = client(row).dump(-1, ' ', false, Json::error_handler_t::replace);
    if (out.size() + one.size() > max_bytes) break;
    if (shown++ > 0) out += ',';
    out += one;
  }
  out += R"(],"count":)" + std::to_string(rows.size());
  if (shown < rows.size()) out += R"(,"left_out":)" + std::to_string(rows.size() - shown);
  return out + "}\n";
}

std::string json_count(std::uint64_t clients) {
  Json json = done();
  json["count"] = clients;
  return to_line(json);
}

std::string json_processes(std::span<const ProcessRow> rows, std::span<const ShutOutRow> shut_out) {
  Json json = done();
  add_processes(json, rows, shut_out);
  return to_line(json);
}

std::string json_status(const ServerStatus& status) {
  Json json = done();
  json["version"] = status.version;
  json["pid"] = status.pid;
  json["uptime_s"] = status.uptime.count();
  json["host"] = status.host;
  json["port"] = status.port;
  json["data"] = status.data;
  json["model"] = status.model;
  json["workers"] = status.workers;
  json["max_workers"] = status.max_workers;
  json["loops"] = status.loops;
  json["clients"] = status.clients;
  Json& dialects = json["dialects"] = Json::object();
  for (const auto& [dialect, clients] : status.dialects) dialects[std::string(dialect)] = clients;
  json["held"] = status.held;
  json["epoch"] = status.epoch;
  json["seq"] = status.newest_seq;
  json["store_bytes"] = or_null(status.store_bytes.has_value(), status.store_bytes.value_or(0));
  json["free_bytes"] = or_null(status.free_bytes.has_value(), status.free_bytes.value_or(0));
  json["rates"] = {{"over_ms", status.rates.over.count()},
                   {"messages_per_s", rounded(status.rates.messages)},
                   {"deliveries_per_s", rounded(status.rates.deliveries)}};
  add_processes(json, status.processes, status.shut_out);
  json["bans"] = status.bans;
  json["registration"] = status.registration_open ? "open" : "closed";
  json["guests"] = status.guests_allowed;
  json["posting"] = {{"works", status.trouble.empty()}, {"why_not", or_null(!status.trouble.empty(), status.trouble)}};
  return to_line(json);
}

std::string json_help() {
  Json json = done();
  Json& commands = json["commands"] = Json::array();
  for (const ConsoleHelp& entry : console_help_entries())
    commands.push_back({{"usage", entry.usage}, {"explanation", entry.explanation}});
  return to_line(json);
}

std::string json_of_text(std::string_view answer) {
  Json lines = Json::array();
  std::string_view verdict;
  while (!answer.empty()) {
    const std::size_t end = std::min(answer.find('\n'), answer.size());
    if (!verdict.empty()) lines.push_back(verdict);
    verdict = answer.substr(0, end);
    answer.remove_prefix(std::min(end + 1, answer.size()));
  }
  const auto [word, words] = split_at_blank(verdict);
  Json json{{"ok", word == "OK"}};
  if (word == "OK") {
    if (!words.empty()) json["message"] = words;
  } else {
    const auto [code, message] = split_at_blank(words);
    json["error"] = code;
    json["message"] = message;
  }
  if (!lines.empty()) json["lines"] = std::move(lines);
  return to_line(json);
}

}  // namespace rookery::master
