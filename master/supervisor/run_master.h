// master/supervisor/run_master.h
//
// The master's life from its command line to its exit code.
#pragma once

#include <string>
#include <vector>

namespace rookery::master {

// Says on standard error what went wrong and what to do about it, if something did.
[[nodiscard]] int run_master(const std::vector<std::string>& arguments);

}  // namespace rookery::master
