// tests/client/load/faults_are.h
//
// EXPECT_THAT(faults, FaultsAre(expected)): every count is the same; the words are not compared, but where something is
// wrong there are some.
#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "client/load/outcome.h"

namespace rookery::load {

inline nlohmann::json counts_of(const Faults& faults) {
  LoadOutcome outcome;
  outcome.faults = faults;
  nlohmann::json json = to_json(outcome)["faults"];
  json.erase("examples");
  return json;
}

MATCHER_P(FaultsAre, expected, counts_of(expected).dump()) {
  *result_listener << counts_of(arg).dump() << "\nexamples: " << ::testing::PrintToString(arg.examples);
  return counts_of(arg) == counts_of(expected) && arg.examples.empty() == arg.none();
}

}  // namespace rookery::load
