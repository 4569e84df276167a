#include "client/load/engine/conductor.h"

#include <sys/eventfd.h>

#include <utility>

#include "ipc/os/errors.h"

namespace rookery::load {

Conductor::Conductor(std::uint32_t threads) : threads_(threads) {
  for (std::uint32_t i = 0; i < threads; ++i) {
    wakes_.emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wakes_.back()) os::throw_errno("cannot create an eventfd");
  }
}

// An eventfd refuses a read when it is quiet already, and a write only when it is as loud as can be.
void Conductor::quiet(std::uint32_t thread) noexcept {
  eventfd_t count = 0;
  (void)::eventfd_read(wakes_[thread].get(), &count);
}

void Conductor::wake_all() noexcept {
  for (const os::FileDescriptor& wake : wakes_) (void)::eventfd_write(wake.get(), 1);
}

void Conductor::thread_is_ready() noexcept {
  if (ready_.fetch_add(1, std::memory_order_acq_rel) + 1 < threads_) return;
  begin_ns_.store(os::Monotonic::now().time_since_epoch().count(), std::memory_order_release);
  wake_all();
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

std::optional<Conductor::Moment> Conductor::begin() const noexcept {
  const std::int64_t begin = begin_ns_.load(std::memory_order_acquire);
  if (begin == 0) return std::nullopt;
  return Moment(std::chrono::nanoseconds(begin));
}

void Conductor::thread_has_ended() noexcept {
  const std::lock_guard lock(mutex_);
  ++ended_;
  changed_.notify_all();
}

void Conductor::fail(std::string why) {
  {
    const std::lock_guard lock(mutex_);
    if (!failed_) why_ = std::move(why);
    failed_.store(true, std::memory_order_release);
    changed_.notify_all();
  }
  wake_all();
}

std::string Conductor::why() const {
  const std::lock_guard lock(mutex_);
  return why_;
}

bool Conductor::wait_until(Moment moment) {
  std::unique_lock lock(mutex_);
  if (ended_ < threads_ && !failed_) changed_.wait_until(lock, moment);
  return ended_ == threads_;
}

}  // namespace rookery::load
