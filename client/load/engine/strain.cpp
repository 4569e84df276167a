#include "client/load/engine/strain.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>

namespace rookery::load {
namespace {

constexpr double kNearlyAll = 0.9;

}  // namespace

std::optional<std::string> remark_on(std::span<const Strain> threads) {
  if (threads.empty()) return std::nullopt;
  const Strain& busiest = *std::ranges::max_element(threads, {}, &Strain::had_core);
  if (busiest.had_core > kNearlyAll)
    return fmt::format("the load tool was the limit: its busiest thread ran for {:.0f} % of the counted time",
                       busiest.had_core * 100);
  const Strain& latest = *std::ranges::max_element(threads, {}, &Strain::had_work);
  if (latest.had_work > kNearlyAll)
    return fmt::format(
        "the load tool was held up: its busiest thread had work for {:.0f} % of the counted time and a core for "
        "{:.0f} %",
        latest.had_work * 100, latest.had_core * 100);
  return std::nullopt;
}

std::chrono::nanoseconds thread_cpu_time() noexcept {
  timespec time{};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return {};  // Linux has that clock
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace rookery::load
