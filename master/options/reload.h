// master/options/reload.h
//
// Options read anew while the server runs: which of them differ, and what may be applied.
#pragma once

#include <string>
#include <vector>

#include "master/options/options.h"

namespace rookery::master {

struct OptionChange {
  std::string name;
  std::string before;
  std::string after;
  std::string needs;  // "a restart", "an upgrade or a restart"; empty: it is applied
};

// In the order of the help. What cannot be applied is put back in `wanted`, so that `wanted` is what is in force then.
[[nodiscard]] std::vector<OptionChange> changes_between(const Options& in_force, Options& wanted);

}  // namespace rookery::master
