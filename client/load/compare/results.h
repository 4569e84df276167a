// client/load/compare/results.h
//
// What `rookery-load compare` has measured: every single sample, so that whoever doubts a median can look at what is
// behind it. results.json is exactly this; the report and the table are made from it and from nothing else.
//
// A sample is one experiment, on one shape of the server, in one round, with so many clients. Its figures are numbers
// by name; figures.h knows their titles, units and which way is better.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace rookery::load {

// One way of running the same server.
struct Shape {
  std::string key;    // "processes", "threads", "mixed", "thread-per-client"
  std::string title;  // "4 processes", "1 process, 4 threads", "2 processes of 2 threads", "a thread per client"
  std::vector<std::string> options;  // of rookery-master: {"--workers", "4", "--loops", "1"}
};

// Experiments, and the figures each brings. `clients` is the number of connections.
//
//   start     start_ms                          from the start of the program to its READY line, 0 clients
//   memory    pss_bytes, page_tables_bytes      with so many clients connected, idle; 0 clients is the server alone;
//                                               sums over the server's processes
//   echo      throughput_per_s, latency_{p50,p90,p99,p999,max}_us, cpu_us_per_op, cpu_user_us_per_op,
//             cpu_system_us_per_op, switches_voluntary_per_op, switches_involuntary_per_op     closed loop
//   fanout    the same; an operation is a delivery to a reader                                 closed loop
//   paced     the same latencies and costs at a fixed rate, echo; rate_per_s                    open loop
//   crash     cut_off, paused (clients), pause_{p50,max}_ms, unanswered (requests), lost (acknowledged messages),
//             killed_of (how many clients the killed process had)
//
// detail, where there is one:
//   echo, fanout, paced   {"histogram": [[upper edge in microseconds, count], ...],
//                          "other_programs_cores": how many cores worked for neither the server nor the load tool,
//                          "remarks": [what else its reader should know, in words] where there is any}
//   crash                 {"timeline": [[milliseconds after the kill, answers in that bucket], ...], "bucket_ms": 20}
struct Sample {
  std::string experiment;
  std::string shape;  // a Shape's key
  std::uint32_t round = 0;
  std::uint32_t clients = 0;
  std::map<std::string, double> figures;
  nlohmann::json detail;
  std::string command;                // the same by hand, or the server it was measured on
  std::vector<std::string> failures;  // what was wrong in it, in words; empty: nothing
};

struct Machine {
  std::string processor;
  std::uint32_t cores = 0;
  std::uint64_t memory_bytes = 0;
  std::string kernel;  // "Linux 6.18.5"
  std::string system;  // "Debian GNU/Linux 12 (bookworm)"
  double load_before = 0;
};

struct Results {
  static constexpr int kFormat = 1;

  std::string version;  // of the programs
  std::string begun;    // "2026-11-21T10:00:00Z"
  double seconds = 0;   // the whole comparison took
  std::string command;  // "rookery-load compare --quick"
  bool quick = false;
  std::uint32_t rounds = 0;
  Machine machine;
  std::vector<Shape> shapes;
  std::vector<Sample> samples;
};

[[nodiscard]] nlohmann::json to_json(const Results& results);
// The same as text. Failures may hold whatever a server sent: what is no UTF-8 in them is replaced by U+FFFD.
[[nodiscard]] std::string json_text(const Results& results);
// Throws std::runtime_error that says what is wrong with it.
[[nodiscard]] Results results_from_json(const nlohmann::json& json);

}  // namespace rookery::load
