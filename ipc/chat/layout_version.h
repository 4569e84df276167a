// ipc/chat/layout_version.h
//
// The number of everything that lies in shared memory between one program and the next: regions, session blocks,
// records, tables. A running server can be upgraded only to a program with the same number, see master/upgrade/.
//
// Raise it in layout_version.cpp with every change that a program built before would misread.
#pragma once

#include <cstdint>

namespace rookery::chat {

// Defined apart, so that a test can link a program with another number.
extern const std::uint32_t kLayoutVersion;

}  // namespace rookery::chat
