// ipc/wire/timestamp.cpp: days since 1970 to a date, by arithmetic alone.
#include "ipc/wire/timestamp.h"

#include <algorithm>

namespace rookery::wire {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kYear0000 = -719528 * kDay;           // 0000-01-01T00:00:00.000Z
constexpr std::int64_t kYear9999End = 2932897 * kDay - 1;    // 9999-12-31T23:59:59.999Z
constexpr std::uint32_t kDaysTo0000March = 719468 + 146097;  // from 1970 back to 0000-03-01, and one cycle more

void put(char* at, std::uint32_t value, int digits) noexcept {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

std::array<char, kTimestampBytes> format_timestamp(std::int64_t milliseconds) noexcept {
  milliseconds = std::clamp(milliseconds, kYear0000, kYear9999End);
  std::int64_t days = milliseconds / kDay;
  std::int64_t of_day = milliseconds % kDay;
  if (of_day < 0) {
    of_day += kDay;
    --days;
  }

  // Years that begin in March put the leap day last; a cycle of the calendar is 400 years or 146,097 days (H. Hinnant,
  // "chrono-Compatible Low-Level Date Algorithms"). One cycle is added so that January and February of 0000, which
  // belong to the year before, stay positive, and its 400 years are taken off again below.
  const auto shifted = static_cast<std::uint32_t>(days + kDaysTo0000March);
  const std::uint32_t cycle = shifted / 146097;
  const std::uint32_t day_of_cycle = shifted % 146097;
  const std::uint32_t year_of_cycle =
      (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
  const std::uint32_t day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const std::uint32_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::uint32_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::uint32_t year = cycle * 400 + year_of_cycle + (month <= 2 ? 1 : 0) - 400;

  const auto ms = static_cast<std::uint32_t>(of_day);
  std::array<char, kTimestampBytes> text = {'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                                            '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
  put(&text[0], year, 4);
  put(&text[5], month, 2);
  put(&text[8], day, 2);
  put(&text[11], ms / 3600000, 2);
  put(&text[14], ms / 60000 % 60, 2);
  put(&text[17], ms / 1000 % 60, 2);
  put(&text[20], ms % 1000, 3);
  return text;
}

}  // namespace rookery::wire
