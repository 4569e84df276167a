// ipc/wire/http_request_line.h
//
// Tells an HTTP request from a line of chat. A web page can have its visitor's browser send a POST to any address and
// port, and what the page puts into the body would be commands of somebody on the inside. So a connection whose first
// line is a request line is closed and nothing of it is carried out.
#pragma once

#include <string_view>

namespace rookery::wire {

// METHOD SP target SP HTTP/DIGIT.DIGIT, as RFC 9112, section 3 has it: "POST / HTTP/1.1". A method that is not all
// capitals counts only with a target that has a slash, a colon or an asterisk. `line` is without its end.
[[nodiscard]] bool is_http_request_line(std::string_view line) noexcept;

// Of a line that is too long to be kept: may it be one? It is if a method is followed by a target without an end.
[[nodiscard]] bool may_begin_http_request_line(std::string_view part) noexcept;

}  // namespace rookery::wire
