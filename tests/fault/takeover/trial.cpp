#include "tests/fault/takeover/trial.h"

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <ostream>
#include <thread>

#include "tests/fault/takeover/killer.h"
#include "tests/fault/takeover/passers.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/server_process.h"

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

// A loop gets pages for 256 session blocks with its first client, and keeps them.
constexpr std::uint64_t kSessionBlocksBytes = std::uint64_t{64} * 1024;

std::uint64_t pages_of_workers(pid_t master) {
  std::map<std::string, std::uint64_t> bytes;
  for (const OpenRegion& region : open_regions(master)) {
    if (region.name.find("rookery-worker") == std::string::npos) continue;
    struct stat file {};
    const std::string path = "/proc/" + std::to_string(master) + "/fd/" + std::to_string(region.descriptor);
    if (::stat(path.c_str(), &file) == 0) bytes[region.name] = static_cast<std::uint64_t>(file.st_blocks) * 512;
  }
  return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& region) { return sum + region.second; });
}

// In all; of an option that is given twice the last one holds.
std::uint64_t loops_of(const std::vector<std::string>& shape) {
  std::uint64_t workers = 1, loops = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); i += 2) {
    if (shape[i] == "--workers") workers = std::stoull(shape[i + 1]);
    if (shape[i] == "--loops") loops = std::stoull(shape[i + 1]);
  }
  return workers * loops;
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
  report.pages_before = pages_of_workers(server.pid());
  StreamsSetup crowd = setup.streams;
  std::unique_ptr<Passers> passers;
  crowd.at_rest = [&](const Census& right) {
    report.resets = passers->resets();
    report.at_rest = differences(server.port(), right);
  };
  Streams streams(server.port(), crowd);
  streams.wait_for_progress(20);
  passers = std::make_unique<Passers>(server.port(), crowd.doors, crowd.seed);
  report.memory_before = memory_bytes(server.pid());  // with its clients, whose places in the tables are made for good
  Killer killer(server, setup.streams.seed);
  while (killer.deaths() < setup.kills && !streams.has_failed()) killer.strike();
  std::this_thread::sleep_for(setup.rest);
  passers->stop();
  go_on(streams);
  report.streams = streams.finish();
  report.kills = killer.deaths();
  report.ledger_kills = killer.ledger_deaths();
  report.doubts = doubts_in(server.log());
  report.visits = streams.visits();
  server.wait_until_all_serve({}, kAllServeWithin);
  report.left_over = differences(server.port(), {});
  eventually("the last are gone", [&] { return server.client_count() == 0; });
  if (setup.kills > 0) killer.kill_each();
  try {
    eventually(
        "no descriptor is left over", [&] { return descriptor_count(server.pid()) == report.descriptors_before; },
        kSettledWithin);
  } catch (const TimedOut&) {  // the report says it
  }
  report.descriptors_after = descriptor_count(server.pid());
  report.memory_after = memory_bytes(server.pid());
  report.pages_after = pages_of_workers(server.pid());
  report.most_pages = report.pages_before + kSessionBlocksBytes * loops_of(setup.shape);
  return report;
}

std::ostream& operator<<(std::ostream& out, const TrialReport& report) {
  out << "kills=" << report.kills << " ledger-kills=" << report.ledger_kills << " visits=" << report.visits
      << " resets=" << report.resets << " descriptors=" << report.descriptors_before << ".." << report.descriptors_after
      << " master-KiB=" << report.memory_before / 1024 << ".." << report.memory_after / 1024
      << " pages-KiB=" << report.pages_before / 1024 << ".." << report.pages_after / 1024 << ' ' << report.streams;
  if (!report.at_rest.empty()) out << " not so at rest:" << report.at_rest;
  if (!report.left_over.empty()) out << " left over:" << report.left_over;
  if (report.pages_after > report.most_pages) out << " pages are left over, right are " << report.most_pages / 1024;
  return out;
}

}  // namespace rookery::system_test
