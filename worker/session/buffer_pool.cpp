#include "worker/session/buffer_pool.h"

#include <algorithm>
#include <cstring>

#include "ipc/os/errors.h"

namespace rookery::worker {

namespace {
// Pages are reserved in steps of this many bytes: a call for each buffer would cost more than the buffer saves.
constexpr std::uint32_t kReserveStepBytes = 128 * 1024;
}  // namespace

BufferPool::BufferPool(const WorkerContext& context, std::uint32_t loop)
    : memory_(reinterpret_cast<char*>(context.own_mapping.data())),
      writer_descriptor_(context.shared.worker_regions[context.start.number].writer_descriptor()),
      first_life_(context.predecessor_epoch == 0),
      small_{context.shared.worker_layout.buffers(loop), chat::kSmallBufferBytes,
             context.shared.worker_layout.small_buffers(), 1},
      large_{context.shared.worker_layout.large_buffers_offset(loop), chat::kLargeBufferBytes,
             context.shared.worker_layout.large_buffers(), context.shared.worker_layout.small_buffers() + 1} {}

void BufferPool::inherit(std::span<const BufferNumber> in_use) {
  inherit(small_, in_use);
  inherit(large_, in_use);
}

void BufferPool::inherit(Kind& kind, std::span<const BufferNumber> in_use) {
  std::vector<bool> taken;
  for (const BufferNumber buffer : in_use) {
    if (buffer < kind.first || buffer - kind.first >= kind.count) continue;
    const std::uint32_t index = buffer - kind.first;
    if (index >= taken.size()) taken.resize(index + 1ULL);
    taken[index] = true;
  }
  kind.used = kind.reserved = static_cast<std::uint32_t>(taken.size());
  kind.known.assign(kind.used, false);
  if (!shm::reserve(writer_descriptor_, kind.offset, std::uint64_t{kind.used} * kind.bytes))
    os::throw_errno("not enough shared memory for what clients have in transit");
  for (std::uint32_t index = kind.used; index-- > 0;)
    if (!taken[index]) kind.free.push_back(kind.first + index);
}

BufferNumber BufferPool::take(Kind& kind) noexcept {
  BufferNumber buffer = chat::kNoBuffer;
  if (!kind.free.empty()) {
    buffer = kind.free.back();
    kind.free.pop_back();
  } else {
    if (kind.used == kind.count) return chat::kNoBuffer;
    if (kind.used == kind.reserved) {
      const std::uint32_t step = std::min(kReserveStepBytes / kind.bytes, kind.count - kind.reserved);
      if (!shm::reserve(writer_descriptor_, kind.offset + std::uint64_t{kind.reserved} * kind.bytes,
                        std::uint64_t{step} * kind.bytes))
        return chat::kNoBuffer;
      kind.reserved += step;
    }
    buffer = kind.first + kind.used++;
    kind.known.push_back(first_life_);
  }
  if (!kind.known[buffer - kind.first]) wipe(kind, buffer, 0);
  return buffer;
}

void BufferPool::wipe(Kind& kind, BufferNumber buffer, std::uint32_t used_bytes) noexcept {
  auto known = kind.known[buffer - kind.first];
  std::memset(data(buffer), 0, known ? std::min(used_bytes, kind.bytes) : kind.bytes);
  known = true;
}

void BufferPool::give_back(BufferNumber buffer, std::uint32_t used_bytes) noexcept {
  if (buffer == chat::kNoBuffer) return;
  Kind& kind = is_small(buffer) ? small_ : large_;
  wipe(kind, buffer, used_bytes);
  kind.free.push_back(buffer);
}

}  // namespace rookery::worker
