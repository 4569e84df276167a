#include "ipc/shm/doorbell.h"

#include <unistd.h>

#include <cerrno>

namespace rookery::shm {

DoorbellReader::DoorbellReader(SleepWord& word, int read_end) noexcept
    : word_(word), read_end_(read_end), state_(word.load(std::memory_order_relaxed)) {
  if (state_ % 2 != 0) word_.store(++state_, std::memory_order_seq_cst);  // a predecessor died in its sleep
}

void DoorbellReader::announce_sleep() noexcept {
  if (state_ % 2 == 0) word_.store(++state_, std::memory_order_seq_cst);  // sleep
}

void DoorbellReader::awake() noexcept {
  if (state_ % 2 != 0) word_.store(++state_, std::memory_order_seq_cst);
}

void DoorbellReader::drain() noexcept {
  char rings[64];
  while (::read(read_end_, rings, sizeof rings) == static_cast<ssize_t>(sizeof rings)) {
  }
}

void DoorbellRinger::ring_if_asleep() noexcept {
  const auto state = word_->load(std::memory_order_seq_cst);  // sleep
  if (state % 2 == 0 || state == rung_for_) return;
  rung_for_ = state;
  ring();
}

void DoorbellRinger::ring() const noexcept {
  const char byte = 1;
  ssize_t written;
  do {
    written = ::write(write_end_, &byte, 1);  // EAGAIN: the pipe is full of rings already
  } while (written < 0 && errno == EINTR);
}

}  // namespace rookery::shm
