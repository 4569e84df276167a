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
  if (!shm::reserve(writer_descriptor_, kind.offset, std::uint64_t{kind.used} * kind.bytes))
    os::throw_errno("not enough shared memory for what clients have in transit");
  for (std::uint32_t index = kind.used; index-- > 0;) {
    if (taken[index]) continue;
    kind.free.push_back(kind.first + index);
    wipe(kind.first + index, 0, kind.bytes);
  }
  kind.inherited = std::move(taken);
  // The rest goes back to the system: take() reserves it again.
  if (!shm::release(writer_descriptor_, kind.offset + std::uint64_t{kind.used} * kind.bytes,
                    std::uint64_t{kind.count - kind.used} * kind.bytes))
    os::throw_errno("cannot clear what clients of a predecessor had in transit");
}

BufferNumber BufferPool::take(Kind& kind) noexcept {
  if (!kind.free.empty()) {
    const BufferNumber buffer = kind.free.back();
    kind.free.pop_back();
    return buffer;
  }
  if (kind.used == kind.count) return chat::kNoBuffer;
  if (kind.used == kind.reserved) {
    const std::uint32_t step = std::min(kReserveStepBytes / kind.bytes, kind.count - kind.reserved);
    if (!shm::reserve(writer_descriptor_, kind.offset + std::uint64_t{kind.reserved} * kind.bytes,
                      std::uint64_t{step} * kind.bytes))
      return chat::kNoBuffer;
    kind.reserved += step;
  }
  return kind.first + kind.used++;
}

void BufferPool::wipe(BufferNumber buffer, std::uint32_t from, std::uint32_t to) noexcept {
  if (buffer != chat::kNoBuffer && from < to) ::explicit_bzero(data(buffer) + from, to - from);
}

void BufferPool::give_back(BufferNumber buffer, std::uint32_t used_bytes) noexcept {
  if (buffer == chat::kNoBuffer) return;
  Kind& kind = is_small(buffer) ? small_ : large_;
  const std::uint32_t index = buffer - kind.first;
  const bool unknown = index < kind.inherited.size() && kind.inherited[index];
  wipe(buffer, 0, unknown ? kind.bytes : std::min(used_bytes, kind.bytes));
  if (unknown) kind.inherited[index] = false;
  kind.free.push_back(buffer);
}

}  // namespace rookery::worker
