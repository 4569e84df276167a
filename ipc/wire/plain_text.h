// ipc/wire/plain_text.h
//
// What a client may put on another one's terminal. A text from elsewhere can hold line ends (JSON lines carry them) and
// escape sequences; written as they are, they would forge lines of the protocol, drive the reader's terminal or have
// him read another text than was sent.
#pragma once

#include <string>
#include <string_view>

namespace rookery::wire {

// Appends `text` as one harmless line's worth: LF and CR become a space each; TAB stays; the other characters of
// ipc/wire/harmful_characters.h become U+FFFD. REQUIRES: `text` is UTF-8.
void append_plain_text(std::string& out, std::string_view text);

}  // namespace rookery::wire
