// client/load/compare/experiments.h
//
// The experiments on a server that runs; each fills figures, detail and failures of one sample (results.h).
//
// What throws: Interrupted; std::runtime_error when an experiment could not be carried out. What was wrong in one that
// was carried out is in the sample's failures.
#pragma once

#include <cstdint>

#include "client/load/compare/results.h"
#include "client/load/compare/started_server.h"
#include "client/load/plan.h"

namespace rookery::load {

// Echo, fanout, paced: throughput, latencies, and what the server's processes spent. `plan.server` is filled in.
void measure_load(const StartedServer& server, LoadPlan plan, Sample& sample);

// The memory of the server's processes with so many idle clients connected, each of which has been answered once.
void measure_memory(const StartedServer& server, std::uint32_t clients, Sample& sample);

// The same by hand, on a server at the default address: "rookery-load echo --clients 100 ...".
[[nodiscard]] std::string command_of(const LoadPlan& plan);

}  // namespace rookery::load
