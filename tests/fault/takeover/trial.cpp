#include "tests/fault/takeover/trial.h"

#include <fstream>
#include <ostream>
#include <thread>

#include "tests/fault/takeover/killer.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/server_process.h"
#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

// A parked worker comes back after 30 s.
const std::chrono::seconds kAllServeWithin{60 + 10 * kSlowness};
const std::chrono::seconds kSettledWithin{60};

// Who does not is named in the report.
void go_on(const Streams& streams) {
  try {
    streams.wait_for_progress(5);
  } catch (const TimedOut&) {
  }
}

// Whatever comes of it.
struct LogKeeper {
  const ServerProcess& server;
  const std::string& file;
  ~LogKeeper() {
    if (!file.empty()) std::ofstream(file) << server.log();
  }
};

}  // namespace

TrialReport run_trial(const TrialSetup& setup) {
  ServerProcess server(setup.shape);
  server.expect_alerts();
  const LogKeeper keeper{server, setup.log_file};
  TrialReport report;
  report.descriptors_before = descriptor_count(server.pid());
  Streams streams(server.port(), setup.streams);
  streams.wait_for_progress(20);
  report.memory_before = memory_bytes(server.pid());  // with its clients, whose places in the tables are made for good
  Killer killer(server, setup.streams.seed);
  while (killer.deaths() < setup.kills && !streams.has_failed()) killer.strike();
  std::this_thread::sleep_for(setup.rest);
  go_on(streams);
  report.streams = streams.finish();
  report.kills = killer.deaths();
  report.doubts = doubts_in(server.log());
  report.visits = streams.visits();
  server.wait_until_all_serve({}, kAllServeWithin);
  eventually("the last are gone", [&] { return server.client_count() == 0; });
  try {
    eventually(
        "all rooms are over", [&] { return TextClient(server.port()).ask("/rooms") == "OK 1 rooms"; }, kSettledWithin);
  } catch (const TimedOut&) {  // the report says it
    for (const std::string& line : TextClient(server.port()).ask_lines("/rooms")) report.rooms += " [" + line + "]";
  }
  try {
    eventually(
        "no descriptor is left over", [&] { return descriptor_count(server.pid()) == report.descriptors_before; },
        kSettledWithin);
  } catch (const TimedOut&) {  // the report says it
  }
  report.descriptors_after = descriptor_count(server.pid());
  report.memory_after = memory_bytes(server.pid());
  return report;
}

std::ostream& operator<<(std::ostream& out, const TrialReport& report) {
  return out << "kills=" << report.kills << " visits=" << report.visits << " descriptors=" << report.descriptors_before
             << ".." << report.descriptors_after << " master-KiB=" << report.memory_before / 1024 << ".."
             << report.memory_after / 1024 << ' ' << report.streams << (report.rooms.empty() ? "" : " rooms are left:")
             << report.rooms;
}

}  // namespace rookery::system_test
