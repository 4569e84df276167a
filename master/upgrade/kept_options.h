// master/upgrade/kept_options.h
//
// Options that cannot change while the server runs (where it listens, where its data is, how its memory is laid out):
// the successor goes on with what it finds, whatever its command line, environment and files say now.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "master/options/options.h"
#include "master/upgrade/state.h"

namespace rookery::master {

[[nodiscard]] KeptOptions kept_options(const Options& options, std::uint32_t max_clients);

// Puts them back into `options`. A line for each that was asked to be another one: "--port stays 5000, 6000 needs a new
// start".
[[nodiscard]] std::vector<std::string> keep_options(const KeptOptions& kept, Options& options);

}  // namespace rookery::master
