// client/load/json_fields.h
//
// Fields of what a server sent, which may be anything: 0 or an empty string where the field is missing or of another
// type.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace rookery::load {

[[nodiscard]] inline std::uint64_t number_in(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

[[nodiscard]] inline std::string string_in(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace rookery::load
