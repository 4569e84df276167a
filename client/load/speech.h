// client/load/speech.h
//
// Requests and answers in the dialect of a run, cheap enough for hundreds of thousands a second. Requests go through
// the formats of docs/wire-protocol.md by hand; lines of the usual shape are read in place, others by a parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/wire/dialect.h"

namespace rookery::load {

enum class Said : std::uint8_t {
  Echo,      // text, id
  Pong,      // id
  Accepted,  // seq, id
  Done,      // any other answer that is no refusal
  Refused,   // code; text is the words, id
  Message,   // an event: room ("*", "@": to oneself), text, and in JSON lines seq
  Missed,    // an event: count
  Event,     // any other
  Nonsense,  // not in this protocol
};

// Views live as long as the line and until the next call.
struct Heard {
  Said said = Said::Nonsense;
  std::string_view text;
  std::string_view room;
  std::string_view code;
  std::uint64_t seq = 0;     // 0: not told
  std::uint64_t count = 0;   // Missed
  std::uint64_t id = 0;      // JSON lines: the request's, if it was a number
  std::string_view sender;   // Message: who said it, "alice" ...
  std::uint64_t client = 0;  // ... and the sender's client id
};

class Speech final {
 public:
  explicit Speech(wire::DialectId dialect) noexcept : json_(dialect == wire::DialectId::JsonLines) {}

  [[nodiscard]] bool json() const noexcept { return json_; }

  // Append one request, a whole line. Texts, names and rooms are written as they are: no quotes, no backslashes, no
  // control characters. The text dialect has no ids.
  void echo(std::string& out, std::uint64_t id, std::string_view text) const;
  void say(std::string& out, std::uint64_t id, std::string_view room, std::string_view text) const;
  void join(std::string& out, std::uint64_t id, std::string_view room) const;
  void leave(std::string& out, std::uint64_t id, std::string_view room) const;
  void ping(std::string& out, std::uint64_t id) const;
  void register_account(std::string& out, std::uint64_t id, std::string_view name, std::string_view password) const;
  void login(std::string& out, std::uint64_t id, std::string_view name, std::string_view password) const;
  void logout(std::string& out, std::uint64_t id) const;
  void quit(std::string& out, std::uint64_t id) const;

  [[nodiscard]] Heard understand(std::string_view line);

  // How long the line of the longest request with such a text may become, besides the text.
  static constexpr std::size_t kMostAround = 128;

 private:
  [[nodiscard]] Heard understand_json(std::string_view line);

  bool json_;
  std::string text_, room_, code_, sender_;  // where a parsed line's strings live
};

}  // namespace rookery::load
