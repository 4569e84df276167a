#include "ipc/wire/plain_text.h"

#include "ipc/wire/harmful_characters.h"

namespace rookery::wire {

void append_plain_text(std::string& out, std::string_view text) {
  append_harmless(out, text, [](char32_t character) -> std::string_view {
    if (character == '\t') return "\t";
    return character == '\n' || character == '\r' ? " " : kReplacementCharacter;
  });
}

}  // namespace rookery::wire
