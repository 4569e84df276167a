#include "ipc/log_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "ipc/wire/harmful_characters.h"
#include "ipc/wire/json_string.h"
#include "ipc/wire/safe_text.h"
#include "ipc/wire/timestamp.h"

namespace rookery::log {

namespace {

std::string_view word_of(Level level) noexcept {
  switch (level) {
    case Level::Trace:
      return "trace";
    case Level::Debug:
      return "debug";
    case Level::Info:
      return "info";
    case Level::Warning:
      return "warning";
    case Level::Error:
      return "error";
    case Level::Critical:
      return "alert";
    case Level::Off:
      break;
  }
  return "off";
}

std::string_view prefix_of(Level level) noexcept {
  if (level == Level::Critical) return "ALERT ";
  if (level == Level::Error) return "error: ";
  return level == Level::Warning ? "warning: " : "";
}

// A line stays one line, and whoever reads it in a terminal is safe from what clients sent.
std::string harmless(std::string_view text) {
  std::string out;
  wire::append_harmless(out, wire::make_valid_utf8(text), [](char32_t character) -> std::string_view {
    return character <= 0x7F ? " " : wire::kReplacementCharacter;
  });
  return out;
}

// No more than so many bytes, without half a character at the end.
void cut(std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  text.resize(bytes);
}

std::string as_text(const Line& line) {
  std::string out;
  wire::append_timestamp(out, line.time_ms);
  fmt::format_to(std::back_inserter(out), " {} pid={} {}", line.process, line.pid, prefix_of(line.level));
  if (line.client.id != 0) fmt::format_to(std::back_inserter(out), "client={} ", line.client.id);
  if (!line.client.address.empty()) fmt::format_to(std::back_inserter(out), "{} ", line.client.address);
  out += line.message.substr(0, kMaxLogLineBytes);
  out = harmless(out);
  cut(out, kMaxLogLineBytes - 1);
  return out += '\n';
}

std::string as_json(const Line& line, std::string_view message) {
  std::string out = "{\"time\":\"";
  wire::append_timestamp(out, line.time_ms);
  out += "\",\"process\":";
  wire::append_json_string(out, line.process);
  fmt::format_to(std::back_inserter(out), ",\"pid\":{},\"level\":\"{}\"", line.pid, word_of(line.level));
  if (line.client.id != 0) fmt::format_to(std::back_inserter(out), ",\"client\":{}", line.client.id);
  if (!line.client.address.empty()) {
    out += ",\"address\":";
    wire::append_json_string(out, line.client.address);
  }
  out += ",\"message\":";
  wire::append_json_string(out, message);
  return out += "}\n";
}

}  // namespace

std::string format_line(const Line& line, Format format) {
  if (format == Format::Text) return as_text(line);
  std::string message = harmless(line.message.substr(0, 2 * kMaxLogLineBytes));
  cut(message, kMaxLogLineBytes);
  std::string out = as_json(line, message);
  while (out.size() > kMaxLogLineBytes && !message.empty()) {
    // Escapes make two bytes of one at most, for there are no control characters any more.
    const std::size_t excess = out.size() - kMaxLogLineBytes;
    cut(message, message.size() - std::min(message.size(), (excess + 1) / 2));
    out = as_json(line, message);
  }
  return out;
}

}  // namespace rookery::log
