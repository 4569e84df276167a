#include "master/ledger/calendar.h"

#include <time.h>

#include <cstdlib>
#include <limits>

#include "ipc/log.h"
#include "ipc/os/clock.h"

namespace rookery::ledger {

namespace {

std::int64_t since_boot_ms() noexcept {
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);  // cannot fail
  return std::int64_t{since_boot.tv_sec} * 1000 + since_boot.tv_nsec / 1'000'000;
}

}  // namespace

// Once more where we stood still between the two looks: that would be taken for a jump.
Calendar::Clocks Calendar::clocks() noexcept {
  constexpr std::int64_t kAtOnceMs = 100;
  for (;;) {
    const std::int64_t before = since_boot_ms();
    const std::int64_t real = os::realtime_ms();
    if (since_boot_ms() - before <= kAtOnceMs) return {real, before};
  }
}

std::int64_t Calendar::date_ms(Clocks now) {
  const std::lock_guard lock(mutex_);
  const std::int64_t offset = now.real_ms - now.since_boot_ms;
  const std::int64_t trusted = kept_.offset_ms.load(std::memory_order_relaxed);
  const auto is_near = [](std::int64_t one, std::int64_t other) { return std::abs(one - other) <= kNoJump.count(); };
  if (trusted == 0 || is_near(offset, trusted)) {  // 0: the first look of this server
    kept_.offset_ms.store(offset, std::memory_order_relaxed);
    if (jump_) log::warning("the clock is back at the time that was expected");
    jump_.reset();
    return now.real_ms;
  }
  if (!jump_ || !is_near(offset, jump_->offset_ms)) {
    jump_ = {offset, now.since_boot_ms};
    kept_.jumped_at_ms.store(now.since_boot_ms, std::memory_order_relaxed);
    log::alert(
        "the clock has jumped by {} s: messages are dated as before until it has stayed so for {} s, and nothing "
        "is removed by its age for {} hours",
        (offset - trusted) / 1000, kBelievedAfter.count() / 1000, kUncertainFor.count());
  } else if (now.since_boot_ms - jump_->since_ms >= kBelievedAfter.count()) {
    log::warning("the clock's new time has lasted, it is believed from now on");
    kept_.offset_ms.store(offset, std::memory_order_relaxed);
    jump_.reset();
    return now.real_ms;
  }
  return trusted + now.since_boot_ms;
}

bool Calendar::is_certain(Clocks now) {
  static_cast<void>(date_ms(now));
  const std::int64_t jumped_at = kept_.jumped_at_ms.load(std::memory_order_relaxed);
  return jumped_at == 0 || now.since_boot_ms - jumped_at > std::chrono::milliseconds(kUncertainFor).count();
}

std::int64_t Calendar::ended_by_ms(Clocks now) {
  return is_certain(now) ? date_ms(now) : std::numeric_limits<std::int64_t>::min();
}

}  // namespace rookery::ledger
