// ipc/wire/safe_text.h
//
// Makes text from the network fit to be printed: a message must not move the cursor, recolour the screen, ring the bell
// or turn the reading order of the line round. Nothing that came over a socket reaches a terminal in any other way.
#pragma once

#include <string>
#include <string_view>

namespace rookery::wire {

// Control characters become their visible pictures (ESC is shown as one sign), a tab becomes a space, and what has no
// picture (C1 controls, what sets the reading direction, bytes that are not UTF-8) becomes U+FFFD. The result is UTF-8
// on one line. Which characters these are: ipc/wire/harmful_characters.h.
[[nodiscard]] std::string make_harmless(std::string_view untrusted, bool keep_tabs = false);

// The same for several lines: their ends stay, and tabs.
[[nodiscard]] std::string make_lines_harmless(std::string_view untrusted);

// With U+FFFD in the place of what is no UTF-8.
[[nodiscard]] std::string make_valid_utf8(std::string_view bytes);

}  // namespace rookery::wire
