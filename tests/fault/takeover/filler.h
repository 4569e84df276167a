// tests/fault/takeover/filler.h
//
// Text that both ends can compute: of every length, of every number of bytes a character can have, with what JSON has
// to escape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::system_test {

// The same numbers give the same text. Mostly short, now and then some kilobytes; below 5,000 bytes.
[[nodiscard]] std::string filler(std::uint64_t one, std::uint64_t two);

// As a string's inside in a JSON line.
[[nodiscard]] std::string in_json(std::string_view text);

}  // namespace rookery::system_test
