#include "master/console/status.h"

#include <fmt/format.h>

#include <iterator>

#include "master/console/readable.h"

namespace rookery::master {

namespace {

template <class... Arguments>
void add_line(std::string& out, std::string_view label, fmt::format_string<Arguments...> format,
              Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), "{:<12}", label);
  fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
  out += '\n';
}

std::string by_dialect(const ServerStatus& status) {
  std::string out;
  for (const auto& [dialect, clients] : status.dialects)
    fmt::format_to(std::back_inserter(out), "{}{} {}", out.empty() ? "" : ", ", dialect, clients);
  return out.empty() ? out : " (" + out + ")";
}

std::string by_worker(const ServerStatus& status) {
  constexpr std::size_t kShown = 16;  // on one line
  std::string out;
  std::size_t workers = 0;
  for (const ProcessRow& row : status.processes) {
    if (!row.worker || ++workers > kShown) continue;
    fmt::format_to(std::back_inserter(out), "{}{}: {}", out.empty() ? "" : ", ", *row.worker, row.clients);
  }
  if (workers > kShown) fmt::format_to(std::back_inserter(out), ", and {} more", workers - kShown);
  return out;
}

std::string readable_or_unknown(std::optional<std::uint64_t> bytes) {
  return bytes ? readable_bytes(*bytes) : std::string("unknown");
}

void add_ledger(std::string& out, const ProcessRow& row) {
  if (row.pid)
    add_line(out, "ledger", "{}, pid {}, heartbeat {} ms ago, {} restarts", row.state, *row.pid,
             row.heartbeat_age.count(), row.restarts);
  else
    add_line(out, "ledger", "{}, {} restarts", row.state, row.restarts);
}

}  // namespace

std::string report_status(const ServerStatus& status) {
  std::string out;
  add_line(out, "server", "Rookery {}, pid {}, up {}", status.version, status.pid, readable_duration(status.uptime));
  add_line(out, "address", "{} port {}", status.host, status.port);
  add_line(out, "data", "{}", status.data);
  add_line(out, "shape", "model {}, {} of at most {} workers, loops in each: {}", status.model, status.workers,
           status.max_workers, status.loops);
  add_line(out, "clients", "{}{}; {} connections held", status.clients, by_dialect(status), status.held);
  add_line(out, "by worker", "{}", by_worker(status));
  std::uint64_t worker_restarts = 0;
  for (const ProcessRow& row : status.processes) {
    if (!row.worker) add_ledger(out, row);
    worker_restarts += row.worker ? row.restarts : 0;
  }
  add_line(out, "workers", "{} restarts", worker_restarts);
  add_line(out, "newest", "seq {} of epoch {}", status.newest_seq, status.epoch.empty() ? "?" : status.epoch);
  add_line(out, "store", "{}, {} free", readable_or_unknown(status.store_bytes),
           readable_or_unknown(status.free_bytes));
  add_line(out, "rates", "{:.1f} messages/s, {:.1f} deliveries/s over the last {:.1f} s", status.rates.messages,
           status.rates.deliveries, static_cast<double>(status.rates.over.count()) / 1000);
  std::string networks;
  for (const ShutOutRow& row : status.shut_out)
    fmt::format_to(std::back_inserter(networks), "{}{} for {} s", networks.empty() ? "" : ", ", row.network,
                   row.left.count());
  add_line(out, "shut out", "{}", networks.empty() ? "nobody" : networks);
  add_line(out, "bans", "{}", status.bans);
  add_line(out, "accounts", "registration {}, guests {}", status.registration_open ? "open" : "closed",
           status.guests_allowed ? "may speak" : "may not speak");
  for (const ProcessRow& row : status.processes) {
    if (row.note.empty()) continue;
    add_line(out, "!", "{}: {}", row.worker ? fmt::format("worker {}", *row.worker) : std::string("ledger"), row.note);
  }
  if (status.trouble.empty())
    out += "OK posting works\n";
  else
    fmt::format_to(std::back_inserter(out), "OK posting does not work: {}\n", status.trouble);
  return out;
}

}  // namespace rookery::master
