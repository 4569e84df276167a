#include "master/ctl/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "master/console/readable.h"

namespace rookery::ctl {
namespace {

constexpr std::array<std::string_view, 5> kSortNames{"process", "clients", "deliveries", "CPU", "memory"};
// 79 columns, so that a terminal of 80 shows it all.
constexpr std::string_view kRow = "{:<6} {:>2} {:>7} {:<8} {:>7} {:>7} {:>8} {:>5} {:>8} {:>4} {:>7}";

std::string_view name_of(SortKey key) {
  return kSortNames[static_cast<std::size_t>(key)];
}

template <class Value>
std::string shown(const std::optional<Value>& value, fmt::format_string<const Value&> format) {
  return value ? fmt::format(format, *value) : std::string("-");
}

std::string bytes(const std::optional<std::uint64_t>& count) {
  return count ? master::readable_bytes(*count) : std::string("unknown");
}

double weight(const ProcessFigures& row, SortKey key) {
  switch (key) {
    case SortKey::Process:
      break;
    case SortKey::Clients:
      return static_cast<double>(row.clients.value_or(0));
    case SortKey::Deliveries:
      return row.deliveries_per_s.value_or(0);
    case SortKey::Cpu:
      return row.cpu_percent.value_or(0);
    case SortKey::Memory:
      return row.usage ? static_cast<double>(row.usage->resident_bytes) : 0;
  }
  return 0;
}

std::string row_text(const ProcessFigures& row) {
  return fmt::format(fmt::runtime(kRow), row.process, shown(row.number, "{}"), shown(row.pid, "{}"), row.state,
                     shown(row.clients, "{}"), shown(row.messages_per_s, "{:.1f}"),
                     shown(row.deliveries_per_s, "{:.1f}"), shown(row.cpu_percent, "{:.1f}"),
                     row.usage ? master::readable_bytes(row.usage->resident_bytes) : std::string("-"), row.restarts,
                     shown(row.heartbeat_ms, "{}"));
}

void add_header(std::vector<Line>& lines, const ServerFigures& figures) {
  lines.push_back({fmt::format("Rookery {}  {}  pid {}  up {}", figures.version, figures.address, figures.pid,
                               master::readable_duration(figures.uptime)),
                   Look::Strong});
  std::string clients = fmt::format("{} clients", figures.clients);
  for (const auto& [dialect, count] : figures.dialects)
    fmt::format_to(std::back_inserter(clients), ", {} {}", count, dialect);
  lines.push_back({fmt::format("{}; {} connections held", clients, figures.held)});
  lines.push_back({fmt::format("{:.1f} messages/s, {:.1f} deliveries/s; seq {} of epoch {}", figures.messages_per_s,
                               figures.deliveries_per_s, figures.seq, figures.epoch)});
  lines.push_back(
      {fmt::format("store {}, {} free in {}", bytes(figures.store_bytes), bytes(figures.free_bytes), figures.data)});
  if (figures.trouble.empty())
    lines.push_back({"posting works"});
  else
    lines.push_back({"POSTING DOES NOT WORK: " + figures.trouble, Look::Alarm});
  if (!figures.shut_out.empty())
    lines.push_back({fmt::format("shut out: {}", fmt::join(figures.shut_out, ", ")), Look::Alarm});
}

void add_footer(std::vector<Line>& lines, const TopView& view) {
  const double seconds = std::chrono::duration<double>(view.interval).count();
  lines.push_back({});
  lines.push_back(
      {fmt::format("every {:.3g} s, by {}   q quit, space now, s sort, + - interval", seconds, name_of(view.sort))});
}

}  // namespace

SortKey next(SortKey key) noexcept {
  return static_cast<SortKey>((static_cast<std::size_t>(key) + 1) % kSortNames.size());
}

std::vector<Line> picture(const ServerFigures& figures, const TopView& view) {
  std::vector<Line> lines;
  add_header(lines, figures);
  if (view.keys) add_footer(lines, view);
  lines.push_back({});
  lines.push_back({fmt::format(fmt::runtime(kRow), "PROC", "NO", "PID", "STATE", "CLIENTS", "MSGS/S", "DELIVS/S",
                               "CPU%", "MEMORY", "DIED", "BEAT_MS"),
                   Look::Heading});
  std::vector<ProcessFigures> rows = figures.processes;
  if (view.sort != SortKey::Process)
    std::ranges::stable_sort(rows, std::greater(), [&](const ProcessFigures& row) { return weight(row, view.sort); });
  for (const ProcessFigures& row : rows) {
    const bool serves = row.state == "serving";
    lines.push_back({row_text(row), serves ? Look::Plain : Look::Alarm});
    if (!row.note.empty()) lines.push_back({"        ! " + row.note, Look::Alarm});
  }
  return lines;
}

std::vector<Line> picture_of_nobody(const std::string& why, const TopView& view) {
  std::vector<Line> lines{{"The server does not answer; waiting for it", Look::Alarm}, {why}};
  if (view.keys) add_footer(lines, view);
  return lines;
}

}  // namespace rookery::ctl
