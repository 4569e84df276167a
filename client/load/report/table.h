// client/load/report/table.h
//
// A comparison on the terminal: for each experiment and number of clients a table of medians and spreads, then what
// they say. At most 100 columns with four shapes; plain UTF-8, no colours.
#pragma once

#include <ostream>

#include "client/load/compare/results.h"

namespace rookery::load {

void print_table(std::ostream& out, const Results& results);

}  // namespace rookery::load
