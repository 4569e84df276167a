// client/load/report/fill.h
//
// Filling a page's places, and making foreign text harmless in it.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace rookery::load {

// Puts values where {{name}} stands. Values are not looked into again. Throws std::logic_error if a name has no value.
[[nodiscard]] std::string fill(std::string_view page, const std::map<std::string, std::string, std::less<>>& values);

// For text and for attributes in double quotes.
[[nodiscard]] std::string escape_html(std::string_view text);

// For JSON within <script>: no "</script>" and no "<!--" can arise, and it stays the same JSON.
[[nodiscard]] std::string escape_script_data(std::string_view json);

}  // namespace rookery::load
