// client/load/report/two_shapes.h
//
// One shape of the server against another, topic by topic.
#pragma once

#include <string>

#include "client/load/report/findings.h"

namespace rookery::load {

// Both are keys of Results::shapes. Topics of experiments that nobody did are left out.
[[nodiscard]] Comparison compare_shapes(const Results& results, const std::string& first, const std::string& second);

}  // namespace rookery::load
