#include "ipc/chat/worker_region.h"

#include <algorithm>
#include <array>
#include <span>

#include "ipc/shm/checksum.h"

namespace rookery::chat {

namespace {
constexpr std::uint64_t kControlStart = shm::page_aligned(sizeof(WorkerRegionHeader));
}  // namespace

WorkerLayout::WorkerLayout(std::uint32_t loops, std::uint32_t sessions_per_loop) noexcept
    : loops_(loops), sessions_per_loop_(sessions_per_loop) {}

std::uint64_t WorkerLayout::control(std::uint32_t loop) const noexcept {
  return kControlStart + std::uint64_t{loop} * sizeof(LoopControl);
}

std::uint64_t WorkerLayout::outbox_words(std::uint32_t loop) const noexcept {
  return shm::page_aligned(control(loops_)) + std::uint64_t{loop} * kOutboxWords * 8;
}

std::uint64_t WorkerLayout::addresses(std::uint32_t loop) const noexcept {
  return outbox_words(loops_) + loop * shm::page_aligned(address_entries() * sizeof(shm::CountTable::Word));
}

std::uint64_t WorkerLayout::room_makers(std::uint32_t loop) const noexcept {
  return addresses(loops_) + loop * shm::page_aligned(room_maker_entries() * sizeof(shm::CountTable::Word));
}

std::uint64_t WorkerLayout::clients(std::uint32_t loop) const noexcept {
  return room_makers(loops_) + loop * shm::page_aligned(client_words() * sizeof(shm::HashIndex::Word));
}

std::uint64_t WorkerLayout::sessions(std::uint32_t loop) const noexcept {
  return clients(loops_) + loop * shm::page_aligned(std::uint64_t{sessions_per_loop_} * sizeof(SessionBlock));
}

std::uint64_t WorkerLayout::buffers(std::uint32_t loop) const noexcept {
  const std::uint64_t one = shm::page_aligned(std::uint64_t{small_buffers()} * kSmallBufferBytes) +
                            std::uint64_t{large_buffers()} * kLargeBufferBytes;
  return sessions(loops_) + loop * one;
}

std::uint64_t WorkerLayout::large_buffers_offset(std::uint32_t loop) const noexcept {
  return buffers(loop) + shm::page_aligned(std::uint64_t{small_buffers()} * kSmallBufferBytes);
}

std::uint64_t client_hash(std::uint64_t client, std::uint64_t secret) noexcept {
  const std::array<std::uint64_t, 2> hashed{secret, client};
  return shm::hash64(std::as_bytes(std::span(hashed)));
}

std::uint32_t WorkerRegionView::sessions_in_use(std::uint32_t loop) const noexcept {
  const std::uint64_t claimed = control(loop).sessions_high_water.load(std::memory_order_acquire);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(claimed, layout_.sessions_per_loop()));
}

}  // namespace rookery::chat
