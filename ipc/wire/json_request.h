// ipc/wire/json_request.h
//
// The fields of a request in JSON lines, as far as any op looks at them: their types, and their values in a
// CommandStorage. Between the JSON parser, which knows no ops, and the dialect, which knows no JSON.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/wire/command.h"

namespace rookery::wire {

enum class Field : std::uint8_t {
  Unknown,
  Op,
  Id,
  Name,
  Password,
  To,
  Room,
  Text,
  On,
  Limit,
  Before,
  After,
  Epoch,
  Seq
};
inline constexpr std::size_t kFieldCount = 14;

[[nodiscard]] std::string_view to_string(Field field) noexcept;  // as it is spelled in JSON

enum class FieldType : std::uint8_t { Absent, String, Unsigned, Boolean, Other };

enum class JsonFault : std::uint8_t {
  None,
  NotJson,        // or not an object, or more than one
  TooDeep,        // good JSON otherwise
  HalfCharacter,  // a \u escape of half a surrogate pair: it has no UTF-8
  HugeNumber,     // beyond what a double holds
};

struct JsonRequest {
  std::array<FieldType, kFieldCount> types{};
  std::array<std::uint64_t, kFieldCount> numbers{};  // of fields that are Unsigned
  bool on = false;
  JsonFault fault = JsonFault::None;

  [[nodiscard]] FieldType type(Field field) const noexcept { return types[static_cast<std::size_t>(field)]; }
  [[nodiscard]] std::uint64_t number(Field field) const noexcept { return numbers[static_cast<std::size_t>(field)]; }
};

// Reads a line of well-formed UTF-8. Of a key that stands twice the last counts. The strings, and the id as JSON text
// (each number and string of it as it was sent, without spaces), are left in `storage`; the id is empty if it is too
// deep. The password is in storage.password and nowhere else. After a fault that stops the parser, HalfCharacter and
// HugeNumber, what was read up to there is filled in.
[[nodiscard]] JsonRequest read_json_request(std::string_view line, CommandStorage& storage);

}  // namespace rookery::wire
