#include "master/console/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "ipc/wire/timestamp.h"

namespace rookery::master {

namespace {

std::size_t decimal_digits(std::uint64_t number) {
  return fmt::formatted_size("{}", number);
}

struct ClientWidths {
  std::size_t client = 2, name = 4, address = 7, dialect = 7, worker = 6, messages = 8;  // of the headings
};

ClientWidths widths_of(std::span<const ClientRow> rows) {
  ClientWidths widths;
  for (const ClientRow& row : rows) {
    widths.client = std::max(widths.client, decimal_digits(row.client));
    widths.name = std::max(widths.name, row.name.size());
    widths.address = std::max(widths.address, row.address.size());
    widths.dialect = std::max(widths.dialect, row.dialect.size());
    widths.messages = std::max(widths.messages, decimal_digits(row.messages));
  }
  return widths;
}

}  // namespace

std::string report_clients(std::span<const ClientRow> rows, std::size_t max_bytes) {
  const ClientWidths w = widths_of(rows);
  std::string out;
  const auto add_line = [&](const auto& id, std::string_view name, std::string_view address, std::string_view dialect,
                            const auto& worker, std::string_view since, const auto& messages) {
    fmt::format_to(std::back_inserter(out), "{:>{}}  {:<{}}  {:<{}}  {:<{}}  {:>{}}  {:<{}}  {:>{}}\n", id, w.client,
                   name, w.name, address, w.address, dialect, w.dialect, worker, w.worker, since, wire::kTimestampBytes,
                   messages, w.messages);
  };
  add_line("ID", "NAME", "ADDRESS", "DIALECT", "WORKER", "SINCE", "MESSAGES");
  const std::size_t line_bytes = out.size();
  std::size_t shown = 0;
  for (const ClientRow& row : rows) {
    if (out.size() + line_bytes > max_bytes) break;
    const auto since = wire::format_timestamp(row.since_ms);
    add_line(row.client, row.name, row.address, row.dialect, row.worker, {since.data(), since.size()}, row.messages);
    ++shown;
  }
  if (shown < rows.size()) fmt::format_to(std::back_inserter(out), "... and {} more\n", rows.size() - shown);
  fmt::format_to(std::back_inserter(out), "OK {} clients\n", rows.size());
  return out;
}

std::string report_processes(std::span<const ProcessRow> rows, std::span<const ShutOutRow> shut_out) {
  constexpr std::string_view kLine = "{:<7}  {:>2}  {:>7}  {:<9}  {:>7}  {:>8}  {:>12}  {:>7}  {:>12}\n";
  std::string out;
  fmt::format_to(std::back_inserter(out), kLine, "PROCESS", "NO", "PID", "STATE", "AGE_S", "RESTARTS", "HEARTBEAT_MS",
                 "CLIENTS", "OUTBOX_WORDS");
  std::size_t workers = 0;
  for (const ProcessRow& row : rows) {
    const auto if_runs = [&](auto number) { return row.pid ? fmt::format("{}", number) : std::string("-"); };
    const auto if_worker = [&](auto number) { return row.worker ? fmt::format("{}", number) : std::string("-"); };
    if (row.worker) ++workers;
    fmt::format_to(std::back_inserter(out), kLine, row.worker ? "worker" : "ledger", if_worker(row.worker.value_or(0)),
                   if_runs(row.pid.value_or(0)), row.state, if_runs(row.age.count()), row.restarts,
                   if_runs(row.heartbeat_age.count()), if_worker(row.clients), if_worker(row.outbox_depth_words));
  }
  for (const ProcessRow& row : rows) {
    if (row.note.empty()) continue;
    const std::string name = row.worker ? fmt::format("worker {}", *row.worker) : std::string("ledger");
    fmt::format_to(std::back_inserter(out), "! {}: {}\n", name, row.note);
  }
  for (const ShutOutRow& row : shut_out)
    fmt::format_to(std::back_inserter(out), "shut-out {} for {} s: workers crashed at its lines\n", row.network,
                   row.left.count());
  fmt::format_to(std::back_inserter(out), "OK {} workers\n", workers);
  return out;
}

}  // namespace rookery::master
