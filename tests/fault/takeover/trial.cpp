#include "tests/fault/takeover/trial.h"

#include <ostream>

#include "tests/fault/takeover/killer.h"
#include "tests/system/harness/server_process.h"

namespace rookery::system_test {

TrialReport run_trial(const TrialSetup& setup) {
  ServerProcess server(setup.shape);
  server.expect_alerts();
  Streams streams(server.port(), setup.streams);
  streams.wait_for_progress(20);
  Killer killer(server, setup.streams.seed);
  TrialReport report;
  while (killer.deaths() < setup.kills && !streams.has_failed()) killer.strike();
  std::this_thread::sleep_for(setup.rest);
  if (!streams.has_failed()) streams.wait_for_progress(5);
  report.streams = streams.finish();
  report.kills = killer.deaths();
  report.visits = streams.visits();
  return report;
}

std::ostream& operator<<(std::ostream& out, const TrialReport& report) {
  return out << "kills=" << report.kills << " visits=" << report.visits << ' ' << report.streams;
}

}  // namespace rookery::system_test
