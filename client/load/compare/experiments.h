// client/load/compare/experiments.h
//
// The experiments on a server that runs; each fills figures, detail and failures of one sample (results.h).
//
// What throws: Interrupted; std::runtime_error when an experiment could not be carried out. What was wrong in one that
// was carried out is in the sample's failures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/load/compare/options.h"
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
// As many threads as it takes to ask `clients` at the same time as others answer, with so many cores for both.
[[nodiscard]] std::uint32_t load_threads(std::uint32_t cores, std::uint32_t clients) noexcept;
// Of an experiment without a load: the server alone, or a comparison that has it among others.
[[nodiscard]] std::string command_of(std::string_view experiment, const Shape& shape, const CompareOptions& options);

}  // namespace rookery::load
