// ipc/wire/line_framing.h
//
// Cuts a stream of bytes into lines: LF ends one, a CR before it is dropped. No line is longer than kMaxLineBytes; of a
// longer one the framer says so once, as soon as it knows, and then passes over everything up to its LF. How the bytes
// come in pieces never changes what comes out.
#pragma once

#include <cstddef>
#include <string_view>

namespace rookery::wire {

enum class FrameKind : unsigned char {
  Incomplete,  // no line yet: keep the bytes from `consumed` on and come back with more
  Line,        // `line` is one, without its end
  TooLong,     // a line longer than the limit has begun: report it, `discarding` is now set
};

struct Frame {
  FrameKind kind = FrameKind::Incomplete;
  std::string_view line;     // a view into `buffered`
  std::size_t consumed = 0;  // bytes of `buffered` that need not be kept
};

// `buffered` starts at the first byte not consumed yet. `discarding` is the framer's only state (false at the start of
// a stream; it lives in the session block): are we inside a line already reported as too long? `scanned` bytes at the
// start of `buffered` are known to hold no LF, so that a slow line is not searched again and again; 0 is always right.
[[nodiscard]] Frame next_line(std::string_view buffered, bool& discarding, std::size_t scanned = 0) noexcept;

}  // namespace rookery::wire
