#include "client/terminal/paint.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

namespace rookery::client {
namespace {

constexpr std::string_view kPlain = "\033[0m";

std::string_view escape_for(Ink ink) {
  switch (ink) {
    case Ink::Faint:
      return "\033[2m";
    case Ink::Room:
      return "\033[36m";
    case Ink::Broadcast:
      return "\033[1;33m";
    case Ink::Direct:
      return "\033[1;35m";
    case Ink::Notice:
      return "\033[1;36m";
    case Ink::Problem:
      return "\033[31m";
  }
  return kPlain;
}

// Readable on dark and light grounds alike; red is left for problems.
constexpr std::array<int, 10> kNameColours{32, 33, 34, 35, 36, 92, 93, 94, 95, 96};

// FNV-1a, because std::hash may differ from one library to the next.
std::uint32_t stable_hash(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    hash = (hash ^ static_cast<unsigned char>(lower)) * 16777619U;
  }
  return hash;
}

std::string local_clock(std::time_t moment, std::time_t now) {
  std::tm then{};
  std::tm today{};
  if (::localtime_r(&moment, &then) == nullptr || ::localtime_r(&now, &today) == nullptr) return "--:--";
  if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
    return fmt::format("{:02}:{:02}", then.tm_hour, then.tm_min);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", then.tm_year + 1900, then.tm_mon + 1, then.tm_mday, then.tm_hour,
                     then.tm_min);
}

}  // namespace

std::string paint(std::string_view text, Ink ink, const ViewStyle& style) {
  return style.colour ? fmt::format("{}{}{}", escape_for(ink), text, kPlain) : std::string(text);
}

std::string paint_name(std::string_view name, const ViewStyle& style) {
  if (!style.colour) return std::string(name);
  return fmt::format("\033[{}m{}{}", kNameColours[stable_hash(name) % kNameColours.size()], name, kPlain);
}

std::string clock_time(std::string_view utc, std::time_t now) {
  std::tm parts{};
  // The fraction and the Z may be absent; what matters to people ends with the seconds.
  const std::string text(utc.substr(0, 19));
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
    return "--:--";
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return local_clock(::timegm(&parts), now);
}

std::string clock_time(std::uint64_t milliseconds_since_1970, std::time_t now) {
  return local_clock(static_cast<std::time_t>(milliseconds_since_1970 / 1000), now);
}

}  // namespace rookery::client
