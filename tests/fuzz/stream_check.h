// tests/fuzz/stream_check.h
//
// What must hold for any bytes that a client may send, checked once for every fuzz target and for the corpus test. A
// broken promise and the bytes that broke it go to standard error, then abort() tells the fuzzer.
#pragma once

#include <string_view>

#include "ipc/wire/dialect.h"

namespace rookery::wire {

// Feeds `bytes` to the framer and the dialect's parser whole, byte by byte and in random pieces (chosen by the bytes
// themselves, so a failure repeats), and demands the same outcomes each time. Demands of each command that it keeps the
// limits, and of each line written in answer that it is one line, and JSON or free of control characters.
void check_stream(DialectId id, std::string_view bytes);

}  // namespace rookery::wire
