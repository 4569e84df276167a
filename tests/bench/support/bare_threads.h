// tests/bench/support/bare_threads.h
//
// The classic echo server with nothing behind it, to compare with: a thread for each client that blocks in recv() and
// sends each line back with "Echo: " before it.
#pragma once

namespace rookery::bench {

// Accepts from `listener`, whose accept() blocks, for ever. Throws std::system_error.
[[noreturn]] void serve_with_a_thread_per_client(int listener);

}  // namespace rookery::bench
