// master/supervisor/event_source.h
//
// Where an event of the master's loop comes from: the poller's tokens.
#pragma once

#include <cstdint>

namespace rookery::master {

enum class EventSource : std::uint32_t {
  Signals,
  Timer,
  ChildEnded,    // index: of the child
  ChildControl,  // index: of the child
  StandardInput,
  StandardOutput,
  ControlSocket,
  ControlConnection,  // index: the connection's number
  Rehearsal,          // of an upgrade has ended
  ExporterEnded,
  ExporterControl,
};

[[nodiscard]] constexpr std::uint64_t token(EventSource source, std::uint32_t index = 0) noexcept {
  return std::uint64_t{static_cast<std::uint32_t>(source)} << 32 | index;
}
[[nodiscard]] constexpr EventSource source_of(std::uint64_t token) noexcept {
  return static_cast<EventSource>(token >> 32);
}
[[nodiscard]] constexpr std::uint32_t index_of(std::uint64_t token) noexcept {
  return static_cast<std::uint32_t>(token);
}

}  // namespace rookery::master
