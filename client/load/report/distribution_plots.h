// client/load/report/distribution_plots.h
//
// The two plots that are made of more than figures: the latency distribution at the fixed rate, and answers around a
// crash. Both take what each round says first, then the median of the rounds and their spread.
#pragma once

#include "client/load/report/plots.h"

namespace rookery::load {

// Without series if no sample has a histogram.
[[nodiscard]] Plot percentile_plot(const Results& results);
// Without series if no sample has a time line.
[[nodiscard]] Plot timeline_plot(const Results& results);

}  // namespace rookery::load
