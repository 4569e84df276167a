// tests/bench/support/open_loop.h
//
// Messages that are due at fixed moments, whatever has become of those before.
//
//     const OpenLoopFigures figures = run_open_loop(rookery, 2000, 2.0);   // 2,000 a second, the senders in turn
//
// Sending and reading share a thread, so a message may leave some microseconds late; that counts, since its latency
// runs from the moment it was due. Messages that leave together may change places on their way: who hears what is told
// by order, which changes nothing for those that arrive together.
#pragma once

#include "tests/bench/support/contest.h"

namespace rookery::bench {

struct OpenLoopFigures {
  double p50_us = 0;  // of all deliveries
  double p99_us = 0;
  double most_us = 0;
  double messages_per_write = 0;  // as the last client got them
  double cpu_us = 0;              // of a delivery, all processes of the server
};

// Each client of the contestant hears each message. Throws std::runtime_error when deliveries or answers are missing.
[[nodiscard]] OpenLoopFigures run_open_loop(Contestant& server, double messages_per_second, double seconds);

}  // namespace rookery::bench
