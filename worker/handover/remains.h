// worker/handover/remains.h
//
// What a dead worker has left of one session, read from its block and checked: whoever carries the session on goes by
// this and by nothing else of that region. A process that ran wild may have written anything there, so every number is
// bounded by the layout and every buffer must have memory; what does not fit together is named in `damage`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ipc/chat/control_message.h"
#include "ipc/chat/worker_region.h"

namespace rookery::worker {

// A worker's region, mapped with its buffers.
struct WholeRegion {
  const shm::Mapping* mapping = nullptr;
  const chat::WorkerLayout* layout = nullptr;
  int descriptor = -1;  // for reading: tells which pages there are

  [[nodiscard]] chat::WorkerRegionView view() const noexcept { return {*mapping, *layout}; }
  [[nodiscard]] const char* buffer(std::uint32_t loop, std::uint32_t number) const noexcept {
    return reinterpret_cast<const char*>(mapping->data()) + layout->buffer(loop, number);
  }
};

struct OutputPart {
  std::uint32_t buffer = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Remains {
  std::string_view damage;  // a literal: what is wrong; empty: nothing. Then stream and output are as of a new session
  chat::SessionStream stream;
  std::uint32_t receive_limit = 0;       // no receive has put anything into the input buffer at or behind this
  std::vector<OutputPart> output;        // the chain, in order
  std::vector<chat::SessionRoom> rooms;  // those that can be believed
  std::uint32_t overflow = 0;            // the buffer for more rooms, if the session has one
  std::uint32_t in_lobby = 0;
  std::array<std::uint64_t, 3> had_from{};  // everybody, lobby, account
};

// Empty: that client does not sit there.
[[nodiscard]] std::optional<Remains> read_remains(const WholeRegion& region, chat::Place place, std::uint64_t client);

// All buffers that it names.
[[nodiscard]] std::vector<std::uint32_t> buffers_of(const Remains& remains);

}  // namespace rookery::worker
