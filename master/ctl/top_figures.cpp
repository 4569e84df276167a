#include "master/ctl/top_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ipc/wire/safe_text.h"

namespace rookery::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json& json) {
  return json.is_null() ? std::string() : wire::make_harmless(json.get<std::string>());
}

template <class Value>
std::optional<Value> if_any(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<Value>());
}

ProcessFigures process(const Json& row) {
  return {.process = text(row.at("process")),
          .number = if_any<std::uint32_t>(row.at("worker")),
          .pid = if_any<pid_t>(row.at("pid")),
          .state = text(row.at("state")),
          .clients = if_any<std::uint64_t>(row.at("clients")),
          .restarts = row.at("restarts").get<std::uint64_t>(),
          .heartbeat_ms = if_any<std::uint64_t>(row.at("heartbeat_ms")),
          .note = text(row.at("note")),
          .deliveries = if_any<std::uint64_t>(row.at("deliveries"))};
}

ServerFigures server(const Json& json) {
  ServerFigures figures;
  figures.version = text(json.at("version"));
  figures.address = fmt::format("{} port {}", text(json.at("host")), json.at("port").get<int>());
  figures.data = text(json.at("data"));
  figures.pid = json.at("pid").get<pid_t>();
  figures.uptime = std::chrono::seconds(json.at("uptime_s").get<std::int64_t>());
  figures.clients = json.at("clients").get<std::uint64_t>();
  for (const auto& [dialect, clients] : json.at("dialects").items())
    figures.dialects.emplace_back(wire::make_harmless(dialect), clients.get<std::uint64_t>());
  figures.held = json.at("held").get<std::uint64_t>();
  figures.epoch = text(json.at("epoch"));
  figures.seq = json.at("seq").get<std::uint64_t>();
  figures.store_bytes = if_any<std::uint64_t>(json.at("store_bytes"));
  figures.free_bytes = if_any<std::uint64_t>(json.at("free_bytes"));
  figures.messages_per_s = json.at("rates").at("messages_per_s").get<double>();
  figures.deliveries_per_s = json.at("rates").at("deliveries_per_s").get<double>();
  for (const Json& row : json.at("shut_out")) figures.shut_out.push_back(text(row.at("network")));
  figures.trouble = text(json.at("posting").at("why_not"));
  figures.processes.push_back({.process = "master", .pid = figures.pid, .state = "serving"});
  for (const Json& row : json.at("processes")) figures.processes.push_back(process(row));
  return figures;
}

std::uint64_t grown(std::uint64_t now, std::uint64_t before) {
  return now >= before ? now - before : 0;
}

}  // namespace

std::optional<ServerFigures> parse_status(std::string_view json, Clock::time_point when) {
  try {
    ServerFigures figures = server(Json::parse(json));
    figures.when = when;
    return figures;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void compare(ServerFigures& now, const ServerFigures& before) {
  const double seconds = std::chrono::duration<double>(now.when - before.when).count();
  if (seconds <= 0) return;
  const auto a_second = [&](std::uint64_t count) { return static_cast<double>(count) / seconds; };
  for (ProcessFigures& row : now.processes) {
    const auto same = std::ranges::find_if(before.processes, [&](const ProcessFigures& other) {
      return row.pid && other.pid == row.pid && other.process == row.process;
    });
    if (same == before.processes.end()) continue;
    if (row.process == "ledger") row.messages_per_s = a_second(grown(now.seq, before.seq));
    if (row.deliveries && same->deliveries) row.deliveries_per_s = a_second(grown(*row.deliveries, *same->deliveries));
    constexpr double kPercent = 100;
    if (row.usage && same->usage)
      row.cpu_percent = std::max(0.0, (row.usage->cpu - same->usage->cpu).count()) / seconds * kPercent;
  }
}

}  // namespace rookery::ctl
