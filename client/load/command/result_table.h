// client/load/command/result_table.h
//
// An outcome for people: what was run, how fast, how long it took, what was wrong.
#pragma once

#include <string>

#include "client/load/outcome.h"

namespace rookery::load {

[[nodiscard]] std::string result_table(const LoadOutcome& outcome);

}  // namespace rookery::load
