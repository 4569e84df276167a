#include "client/load/command/result_table.h"

#include <fmt/format.h>

#include <iterator>

namespace rookery::load {
namespace {

// "84 us", "1.25 ms", "2.1 s": three digits that count.
std::string duration_text(Histogram::Nanoseconds time) {
  const auto ns = static_cast<double>(time.count());
  if (ns < 1e6) return fmt::format("{:.3g} us", ns / 1e3);
  if (ns < 1e9) return fmt::format("{:.3g} ms", ns / 1e6);
  return fmt::format("{:.3g} s", ns / 1e9);
}

std::string what_ran(const LoadPlan& plan) {
  std::string text = fmt::format("{} at {}, {} dialect: ", to_string(plan.mode), client::to_string(plan.server),
                                 wire::to_string(plan.dialect));
  if (plan.mode == Mode::Fanout)
    text += fmt::format("{} readers, {} senders", plan.clients, plan.senders);
  else
    text += fmt::format("{} clients", plan.clients);
  if (plan.mode == Mode::Idle)
    return text + fmt::format(", silent for {:.3g} s\n", std::chrono::duration<double>(plan.duration).count());
  if (plan.open_loop())
    text += fmt::format(", {} a second (open loop)", plan.rate_per_s);
  else if (plan.mode == Mode::Echo || plan.mode == Mode::Fanout)
    text += fmt::format(", window {} (closed loop)", plan.window);
  else
    text += " (closed loop)";
  return text + fmt::format(", {} bytes\n", plan.message_bytes);
}

void append_latency(std::string& text, std::string_view kind, const Histogram& latency) {
  fmt::format_to(std::back_inserter(text), "{:<12}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\n", kind, latency.count(),
                 duration_text(latency.at(0.5)), duration_text(latency.at(0.9)), duration_text(latency.at(0.99)),
                 duration_text(latency.at(0.999)), duration_text(latency.max()));
}

void append_faults(std::string& text, const Faults& faults) {
  if (faults.none()) {
    text += "faults      none\n";
    return;
  }
  text += "FAULTS     ";
  const auto count = [&text](std::string_view what, std::uint64_t times) {
    if (times > 0) fmt::format_to(std::back_inserter(text), " {} {},", times, what);
  };
  count("lost", faults.lost);
  count("doubled", faults.doubled);
  count("out of order", faults.out_of_order);
  count("with wrong bytes", faults.wrong_bytes);
  count("unanswered", faults.unanswered);
  count("connections closed by the server", faults.closed);
  count("connections not made", faults.not_connected);
  for (const auto& [code, times] : faults.refused) count("refused: " + code, times);
  text.back() = '\n';
  for (const std::string& example : faults.examples) text += "            " + example + "\n";
}

}  // namespace

std::string result_table(const LoadOutcome& outcome) {
  std::string text = what_ran(outcome.plan);
  if (outcome.plan.mode == Mode::Idle) {
    fmt::format_to(std::back_inserter(text), "{} of {} answered at the end\n\n", outcome.operations,
                   outcome.plan.clients);
  } else {
    fmt::format_to(std::back_inserter(text), "{:.0f} operations a second", outcome.per_second());
    if (outcome.sent != outcome.operations && outcome.seconds > 0)
      fmt::format_to(std::back_inserter(text), ", {:.0f} messages a second",
                     static_cast<double>(outcome.sent) / outcome.seconds);
    fmt::format_to(std::back_inserter(text), " over {:.3g} s\n\n", outcome.seconds);
  }
  fmt::format_to(std::back_inserter(text), "{:<12}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\n", "latency", "count", "p50",
                 "p90", "p99", "p99.9", "max");
  append_latency(text, "all", outcome.latency);
  for (const auto& [kind, latency] : outcome.latency_of) append_latency(text, kind, latency);
  for (const auto& [name, value] : outcome.figures)
    fmt::format_to(std::back_inserter(text), "{:<36}{:>12.{}f}\n", name, value, value < 1000 ? 1 : 0);
  text += "\n";
  append_faults(text, outcome.faults);
  for (const std::string& remark : outcome.remarks) text += "remark      " + remark + "\n";
  return text;
}

}  // namespace rookery::load
