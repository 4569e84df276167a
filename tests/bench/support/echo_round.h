// tests/bench/support/echo_round.h
//
// A round of echo: each client of a crowd has one request under way, for so many seconds.
//
//     const EchoRound round = run_echo_round(crowd, processes, "hello\n", 2.0);
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/bench/support/crowd.h"

namespace rookery::bench {

struct EchoRound {
  double per_cpu_second = 0;  // requests, by the processor time of `processes`
  double per_second = 0;
};

// Throws std::runtime_error when an answer does not come.
[[nodiscard]] EchoRound run_echo_round(Crowd& crowd, const std::vector<pid_t>& processes, const std::string& request,
                                       double seconds);

}  // namespace rookery::bench
