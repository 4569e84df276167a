// client/load/command/progress.h
//
// How far a run is, on standard error: one line written over and over on a terminal, else a line now and then.
#pragma once

#include "client/load/run.h"
#include "ipc/os/clock.h"

namespace rookery::load {

class Progress final : public Observer {
 public:
  Progress();

  void counting_begins() override;
  void counting_ends() override;
  void progress(std::chrono::milliseconds done, std::chrono::milliseconds whole, std::uint64_t operations) override;

 private:
  bool terminal_;
  os::Monotonic::time_point next_;
};

}  // namespace rookery::load
