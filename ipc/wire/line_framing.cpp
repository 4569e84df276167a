// ipc/wire/line_framing.cpp: finds the ends of lines.
#include "ipc/wire/line_framing.h"

#include <algorithm>
#include <cstring>

#include "ipc/wire/limits.h"

namespace rookery::wire {
namespace {

// The first LF in bytes[from, to), or npos.
std::size_t find_line_feed(std::string_view bytes, std::size_t from, std::size_t to) noexcept {
  if (from >= to) return std::string_view::npos;
  const void* found = std::memchr(bytes.data() + from, '\n', to - from);
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

}  // namespace

Frame next_line(std::string_view buffered, bool& discarding, std::size_t scanned) noexcept {
  std::size_t start = 0;
  if (discarding) {
    const std::size_t end = find_line_feed(buffered, scanned, buffered.size());
    if (end == std::string_view::npos) return {FrameKind::Incomplete, {}, buffered.size()};
    discarding = false;
    start = end + 1;
  }

  // A line as long as the limit may be followed by CR LF; its LF lies no farther than that.
  const std::size_t farthest = std::min(buffered.size(), start + kMaxLineBytes + 2);
  const std::size_t end = find_line_feed(buffered, std::max(start, scanned), farthest);
  const bool ended = end != std::string_view::npos;

  std::size_t length = (ended ? end : farthest) - start;
  const bool cr_last = length > 0 && buffered[start + length - 1] == '\r';
  // Without an LF yet, a CR in the place after the last allowed byte may still turn out to belong to the line's end.
  if (cr_last && (ended || length == kMaxLineBytes + 1)) --length;

  if (length > kMaxLineBytes) {
    discarding = true;
    return {FrameKind::TooLong, {}, start + kMaxLineBytes + 1};  // not the LF, which ends the discarding
  }
  if (!ended) return {FrameKind::Incomplete, {}, start};
  return {FrameKind::Line, buffered.substr(start, length), end + 1};
}

}  // namespace rookery::wire
