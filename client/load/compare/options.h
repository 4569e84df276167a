// client/load/compare/options.h
//
// What a comparison is told, and how long its parts take.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "client/load/compare/crash.h"
#include "client/load/compare/results.h"

namespace CLI {
class App;
}

namespace rookery::load {

struct CompareOptions {
  bool quick = false;
  std::uint32_t rounds = 5;
  std::uint32_t parallel = 4;
  std::vector<std::uint32_t> clients;  // rising; of echo, fanout, memory
  std::vector<Shape> shapes;
  std::filesystem::path server;  // empty: the one beside this program
  std::filesystem::path output;  // a directory
};

// The command line as it comes; what is not given stands for the default.
struct CompareArguments {
  bool quick = false;
  std::uint32_t rounds = 0;
  std::uint32_t parallel = 0;
  std::string clients = "10,100,1000";
  std::string shapes = "processes,threads,mixed,thread-per-client";
  std::string server;
  std::string output;
};
void add_compare_arguments(CLI::App& command, CompareArguments& arguments);

// Throws std::invalid_argument that says what is wrong with them.
[[nodiscard]] CompareOptions options_of(const CompareArguments& arguments);

struct Timing {
  std::chrono::milliseconds warm_up;
  std::chrono::milliseconds echo;
  std::chrono::milliseconds fanout;
  std::chrono::milliseconds paced;
  std::chrono::milliseconds calibration;  // each of a few
  CrashPlan crash;
};
[[nodiscard]] Timing timing_of(const CompareOptions& options) noexcept;

}  // namespace rookery::load
