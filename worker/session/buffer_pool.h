// worker/session/buffer_pool.h
//
// Buffers for bytes in transit, in the worker's shared region: input not parsed yet, output not taken by the kernel
// yet. A connection holds one only while it has such bytes, so an idle connection holds none; the buffer given back
// last is given out first, so a busy loop works in a few warm pages.
//
// Which buffers are in use is not written down in shared memory: the session blocks say it, and a successor finds out
// by looking at them.
//
// A buffer that is taken holds nothing but zeros: nobody finds there what another connection has sent or was sent,
// whatever is counted wrongly; and input may hold passwords, which other workers could read in the region. Who gives a
// buffer back says how much of it was used, and that much is overwritten. How much of a predecessor's buffers was used
// is not known: inherit() overwrites every buffer that is not in use, and one that is in use is overwritten as a whole
// when it is given back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "worker/worker_context.h"

namespace rookery::worker {

// Numbered from 1 (chat::kNoBuffer is 0): small ones first, then large ones.
using BufferNumber = std::uint32_t;

class BufferPool final {
 public:
  BufferPool(const WorkerContext& context, std::uint32_t loop);

  // First of all, once: these are in use already, by sessions that a predecessor has left. Throws std::system_error
  // where there is no memory for them.
  void inherit(std::span<const BufferNumber> in_use);

  // chat::kNoBuffer when shared memory is short.
  [[nodiscard]] BufferNumber take_small() noexcept { return take(small_); }
  [[nodiscard]] BufferNumber take_large() noexcept { return take(large_); }
  // Everything in it that is not zero lies in its first `used_bytes`. kNoBuffer: does nothing.
  void give_back(BufferNumber buffer, std::uint32_t used_bytes) noexcept;
  // Overwrites [from, to) of it with zeros. REQUIRES: no block of ours names these bytes as input to be carried out.
  void wipe(BufferNumber buffer, std::uint32_t from, std::uint32_t to) noexcept;

  [[nodiscard]] char* data(BufferNumber buffer) const noexcept {
    const Kind& kind = is_small(buffer) ? small_ : large_;
    return memory_ + kind.offset + std::uint64_t{buffer - kind.first} * kind.bytes;
  }
  [[nodiscard]] std::uint32_t capacity(BufferNumber buffer) const noexcept {
    return is_small(buffer) ? chat::kSmallBufferBytes : chat::kLargeBufferBytes;
  }
  [[nodiscard]] bool is_small(BufferNumber buffer) const noexcept { return buffer <= small_.count; }

 private:
  struct Kind {
    std::uint64_t offset;        // of the first, in the region
    std::uint32_t bytes;         // of each
    std::uint32_t count;         // at most
    std::uint32_t first;         // its number
    std::uint32_t used = 0;      // buffers from this index on were never given out
    std::uint32_t reserved = 0;  // have pages
    std::vector<BufferNumber> free = {};
    std::vector<bool> inherited = {};  // by index: in use when this life began, and never given back
  };
  [[nodiscard]] BufferNumber take(Kind& kind) noexcept;
  void inherit(Kind& kind, std::span<const BufferNumber> in_use);

  char* memory_;
  int writer_descriptor_;
  Kind small_;
  Kind large_;
};

}  // namespace rookery::worker
