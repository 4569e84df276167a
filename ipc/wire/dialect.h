// ipc/wire/dialect.h
//
// A dialect is a way to write the same chat down: text for nc and telnet, JSON lines for programs. It parses a line to
// a Command and encodes replies and events. It knows no sockets and keeps no state, so one object serves all sessions
// of all threads, and the same call always gives the same bytes: a successor of a dead worker can encode a record again
// and go on in the middle of it.
//
// To add a dialect: write a class like ipc/wire/text_dialect.h, give it a DialectId, let choose_dialect() recognise its
// first byte, return it in dialect(). Nothing above ipc/wire/ changes.
//
// Every function appends whole lines, each ended by LF, to `out`; only the three parts of a reply with items make one
// line together in JSON lines, so nothing else may be written to that client between them. `time` is milliseconds since
// 1970, UTC. Strings to encode must be UTF-8 (is_valid_utf8); they may hold any character, the dialect defuses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/wire/command.h"
#include "ipc/wire/error_code.h"

namespace rookery::wire {

// Stored in session blocks: numbers never change their meaning.
enum class DialectId : std::uint8_t { Undecided = 0, Text = 1, JsonLines = 2 };
inline constexpr std::size_t kDialectCount = 3;  // one more than the largest number

struct Sender {
  std::uint64_t client = 0;
  std::string_view name;
};

// A message as members receive it and as history shows it. Exactly one of room and to is set; a broadcast's room is
// "*".
struct MessageEvent {
  std::uint64_t seq = 0;
  std::string_view epoch;
  std::int64_t time = 0;
  std::string_view room;
  std::string_view to;
  Sender from;
  std::string_view text;
};

struct CountResult {
  std::uint64_t words = 0, characters = 0, vowels = 0, odd_words = 0;
  double milliseconds = 0;
};

struct ClientListing {
  std::uint64_t client = 0;
  std::string_view name;
  std::uint32_t worker = 0;
  DialectId dialect = DialectId::Undecided;
  std::int64_t since = 0;  // milliseconds since 1970
};

struct RoomListing {
  std::string_view room;
  std::uint64_t members = 0;
};

// A request as far as a reply must repeat it.
struct RequestTag {
  Op op = Op::Echo;
  std::string_view id;  // JSON text, empty when the request had none
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  // `line` is without its end and at most kMaxLineBytes long; it need not be UTF-8 (that is checked here).
  [[nodiscard]] virtual ParseOutcome parse(std::string_view line, CommandStorage& storage) const = 0;

  // Events.
  virtual void message(std::string& out, const MessageEvent& event) const = 0;
  virtual void joined(std::string& out, std::string_view room, const Sender& who) const = 0;
  virtual void left(std::string& out, std::string_view room, const Sender& who) const = 0;
  virtual void missed(std::string& out, std::uint64_t count) const = 0;
  virtual void notice(std::string& out, std::string_view text) const = 0;
  // The last notice before the server ends a connection on an operator's decision: the client should not reconnect
  // automatically.
  virtual void dismissal(std::string& out, std::string_view text) const = 0;

  // Replies.
  virtual void refused(std::string& out, const Refusal& refusal) const = 0;
  virtual void echo(std::string& out, const RequestTag& tag, std::string_view text) const = 0;
  virtual void registered(std::string& out, const RequestTag& tag, std::string_view name) const = 0;
  virtual void logged_in(std::string& out, const RequestTag& tag, const Sender& who, std::string_view epoch,
                         std::uint64_t newest_seq) const = 0;
  virtual void logged_out(std::string& out, const RequestTag& tag) const = 0;
  // A broadcast, say or msg is durable under this number.
  virtual void accepted(std::string& out, const RequestTag& tag, std::uint64_t seq, std::string_view epoch,
                        std::int64_t time) const = 0;
  // tag.op is Join or Leave.
  virtual void membership(std::string& out, const RequestTag& tag, std::string_view room,
                          std::uint64_t members) const = 0;
  virtual void presence(std::string& out, const RequestTag& tag, bool on) const = 0;
  virtual void counted(std::string& out, const RequestTag& tag, const CountResult& result) const = 0;
  // `missed` message events follow, then whatever else there is. The text dialect has no such command.
  virtual void resumed(std::string& out, const RequestTag& tag, bool recovered, std::uint64_t missed) const = 0;
  virtual void pong(std::string& out, const RequestTag& tag) const = 0;
  virtual void help(std::string& out, const RequestTag& tag) const = 0;
  virtual void bye(std::string& out, const RequestTag& tag) const = 0;

  // Replies with items (list, rooms, history): begin, each item with its index from 0, end with the number of items.
  // They may be written in pieces, hours apart. tag.op is List, Rooms or History. Items of history are message events.
  virtual void begin_items(std::string& out, const RequestTag& tag) const = 0;
  virtual void client_item(std::string& out, std::uint64_t index, const ClientListing& item) const = 0;
  virtual void room_item(std::string& out, std::uint64_t index, const RoomListing& item) const = 0;
  virtual void message_item(std::string& out, std::uint64_t index, const MessageEvent& item) const = 0;
  virtual void end_items(std::string& out, const RequestTag& tag, std::uint64_t count) const = 0;
};

// What the first byte of a connection chooses.
[[nodiscard]] DialectId choose_dialect(char first_byte) noexcept;

// REQUIRES: id is not Undecided.
[[nodiscard]] const Dialect& dialect(DialectId id) noexcept;

[[nodiscard]] std::string_view to_string(DialectId id) noexcept;  // "text", "json", "-" while undecided

}  // namespace rookery::wire
