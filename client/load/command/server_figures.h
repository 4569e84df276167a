// client/load/command/server_figures.h
//
// What a server on this machine spends during a run. Made before the first connection; an observer that passes
// everything on.
//
//     ServerFigures server(pid, progress);
//     LoadOutcome outcome = run_load(plan, server);
//     server.add_to(outcome);
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "client/load/compare/process_figures.h"
#include "client/load/run.h"

namespace rookery::load {

class ServerFigures final : public Observer {
 public:
  // Throws CannotRun when there is no such process or its memory may not be read.
  ServerFigures(pid_t master, Observer& next);

  void counting_begins() override;
  void counting_ends() override;
  void progress(std::chrono::milliseconds done, std::chrono::milliseconds whole, std::uint64_t operations) override {
    next_.progress(done, whole, operations);
  }
  void waits() override { next_.waits(); }

  void add_to(LoadOutcome& outcome) const;

 private:
  void attempt(const std::function<void()>& measure);

  Observer& next_;
  std::vector<pid_t> pids_;
  CostMeter meter_;
  std::uint64_t pss_before_ = 0;
  std::uint64_t pss_ = 0;
  Costs costs_;
  std::string failure_;  // of the first measurement that could not be made
};

}  // namespace rookery::load
