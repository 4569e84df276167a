// client/load/report/html.h
//
// The report: one HTML file that needs nothing else, neither network nor server. Its content security policy forbids
// everything but its own two scripts and its style.
#pragma once

#include <string>

#include "client/load/compare/results.h"

namespace rookery::load {

[[nodiscard]] std::string html_report(const Results& results);

}  // namespace rookery::load
