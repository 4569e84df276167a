// tests/bench/support/median.h
//
// The figure that stands for several rounds on a machine with other work to do.
#pragma once

#include <algorithm>
#include <vector>

namespace rookery::bench {

// REQUIRES: values is not empty.
[[nodiscard]] inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace rookery::bench
