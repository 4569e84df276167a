// ipc/wire/json_string.h
//
// A text as a JSON string: quotes round it, and escapes where JSON asks for them. All other characters stay as they
// are.
#pragma once

#include <string>
#include <string_view>

namespace rookery::wire {

// REQUIRES: `text` is UTF-8, or the result is no JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace rookery::wire
