// ipc/wire/dialect.cpp: which dialect a connection speaks.
#include "ipc/wire/dialect.h"

#include "ipc/wire/json_dialect.h"
#include "ipc/wire/text_dialect.h"

namespace rookery::wire {
namespace {

constinit const TextDialect kText;
constinit const JsonDialect kJsonLines;

}  // namespace

DialectId choose_dialect(char first_byte) noexcept {
  return first_byte == '{' ? DialectId::JsonLines : DialectId::Text;
}

const Dialect& dialect(DialectId id) noexcept {
  if (id == DialectId::JsonLines) return kJsonLines;
  return kText;
}

std::string_view to_string(DialectId id) noexcept {
  switch (id) {
    case DialectId::Undecided:
      return "-";
    case DialectId::Text:
      return "text";
    case DialectId::JsonLines:
      return "json";
  }
  return "-";
}

}  // namespace rookery::wire
