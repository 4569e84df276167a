#include "client/load/command/server_figures.h"

namespace rookery::load {

ServerFigures::ServerFigures(pid_t master, Observer& next) : next_(next), meter_({}) {
  try {
    pids_ = with_children(master);
    pss_before_ = pss_bytes(pids_);
  } catch (const std::exception& error) {
    throw CannotRun(error.what());
  }
  meter_ = CostMeter(pids_);
}

void ServerFigures::attempt(const std::function<void()>& measure) {
  if (!failure_.empty()) return;
  try {
    measure();
  } catch (const std::exception& error) {
    failure_ = error.what();
  }
}

void ServerFigures::counting_begins() {
  attempt([this] {
    pss_ = pss_bytes(pids_);
    meter_.begin();
  });
  next_.counting_begins();
}

void ServerFigures::counting_ends() {
  next_.counting_ends();
  attempt([this] { costs_ = meter_.end(); });
}

void ServerFigures::add_to(LoadOutcome& outcome) const {
  if (!failure_.empty()) {
    outcome.remarks.push_back("the server's processes could not be measured: " + failure_);
    return;
  }
  const double grown = static_cast<double>(pss_) - static_cast<double>(pss_before_);
  outcome.figures["server_pss_bytes_before"] = static_cast<double>(pss_before_);
  outcome.figures["server_pss_bytes"] = static_cast<double>(pss_);
  outcome.figures["server_pss_bytes_per_connection"] = grown / outcome.plan.clients;
  outcome.figures["server_wakes_per_s"] = static_cast<double>(costs_.voluntary) / costs_.switch_seconds;
  outcome.figures["server_context_switches_per_s"] =
      static_cast<double>(costs_.voluntary + costs_.involuntary) / costs_.switch_seconds;
  outcome.figures["server_cpu_ms_per_s"] = static_cast<double>(costs_.cpu_ns) / 1e6 / costs_.seconds;
}

}  // namespace rookery::load
