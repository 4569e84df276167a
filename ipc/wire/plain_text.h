// ipc/wire/plain_text.h
//
// What a client may put on another one's terminal. A text from elsewhere can hold line ends (JSON lines carry them) and
// escape sequences; written as they are, they would forge lines of the protocol or drive the reader's terminal.
#pragma once

#include <string>
#include <string_view>

namespace rookery::wire {

// Appends `text` as one harmless line's worth: LF and CR become a space each; TAB stays; the other control characters
// (U+0000 to U+001F, U+007F, U+0080 to U+009F) become U+FFFD. REQUIRES: `text` is UTF-8.
void append_plain_text(std::string& out, std::string_view text);

}  // namespace rookery::wire
