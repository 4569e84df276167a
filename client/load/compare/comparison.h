// client/load/compare/comparison.h
//
// The order in which everything is measured. Shapes take turns within each round, each time in another order, so that
// whatever changes while it runs (heat, other programs) falls on all of them.
#pragma once

#include <functional>

#include "client/load/compare/options.h"
#include "client/load/compare/results.h"

namespace rookery::load {

[[nodiscard]] std::chrono::duration<double> expected_time(const CompareOptions& options);

// Measures, adding to `results.samples`, and calls `keep` after each server. What fails in one sample is in its
// failures, and the rest goes on. Throws Interrupted, leaving what there is in `results`, and std::runtime_error when
// no shape can be measured at all.
void run_comparison(const CompareOptions& options, Results& results, const std::function<void()>& keep);

}  // namespace rookery::load
