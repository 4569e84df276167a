// client/terminal/paint.h
//
// Colours and clock times for what people read. Without colour every function gives plain text.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "client/terminal/server_line.h"

namespace rookery::client {

enum class Ink { Faint, Room, Broadcast, Direct, Notice, Problem };

[[nodiscard]] std::string paint(std::string_view text, Ink ink, const ViewStyle& style);

// The same name has the same colour in every run and on every machine; letter case makes no difference.
[[nodiscard]] std::string paint_name(std::string_view name, const ViewStyle& style);

// Local HH:MM, with the date in front unless it is of the day of `now`. "--:--" when `utc` is not of the form
// 2026-11-21T10:00:00.123Z.
[[nodiscard]] std::string clock_time(std::string_view utc, std::time_t now);
[[nodiscard]] std::string clock_time(std::uint64_t milliseconds_since_1970, std::time_t now);

}  // namespace rookery::client
