// tests/client/load/synthetic_results.h
//
// Results whose truth is known: a complete comparison as a machine could have made it, with seeded noise.
//
//     Truth truth = Truth::processes_win();
//     Results results = synthetic_results(truth);
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "client/load/compare/results.h"

namespace rookery::load {

// How a shape is, compared with the middling server that the generator has in mind: 1 is like it, 2 twice as much.
struct ShapeTruth {
  double throughput = 1;
  double latency = 1;
  double cpu = 1;
  double switches = 1;
  double memory = 1;  // of the server without clients
  double memory_per_client = 1;
  double start = 1;
  double killed_share = 1;  // of the clients that a crash takes with it
};

struct Truth {
  std::map<std::string, ShapeTruth> shapes;  // by key: processes, threads, mixed, thread-per-client
  std::uint32_t rounds = 5;
  double noise = 0.02;  // every figure is off by at most so much
  std::uint32_t seed = 1;

  // All four shapes, alike.
  [[nodiscard]] static Truth alike();
  // All four shapes, as different as they may really be.
  [[nodiscard]] static Truth realistic();
};

[[nodiscard]] Results synthetic_results(const Truth& truth);

}  // namespace rookery::load
