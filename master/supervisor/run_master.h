// master/supervisor/run_master.h
//
// The master's life from its options to its exit code.
#pragma once

#include "master/options/options.h"

namespace rookery::master {

// Says on standard error what went wrong and what to do about it, if something did.
[[nodiscard]] int run_master(const Options& options);

}  // namespace rookery::master
