// tests/fuzz/stream_check.cpp: the promises, one function each.
#include "tests/fuzz/stream_check.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <variant>

#include "ipc/wire/line_framing.h"
#include "tests/ipc/wire/stream_reader.h"

namespace rookery::wire {
namespace {

void demand(bool holds, const char* promise, std::string_view evidence) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n%s\n", promise, quoted(evidence).c_str());
  std::abort();
}

void demand_one_line(std::string_view line) {
  demand(line.ends_with('\n') && line.find('\n') == line.size() - 1, "an answer is one line", line);
  demand(is_valid_utf8(line), "an answer is UTF-8", line);
}

void demand_printable(std::string_view line) {
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    const auto next = static_cast<unsigned char>(line[i + 1]);
    demand((c >= 0x20 || c == '\t') && c != 0x7F, "text holds no control character", line);
    demand(c != 0xC2 || next >= 0xA0, "text holds no C1 control character", line);
  }
  for (const char* harmful : {"\u061C", "\u200E", "\u200F", "\u2028", "\u2029", "\u202A", "\u202B", "\u202C", "\u202D",
                              "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"})
    demand(line.find(harmful) == std::string_view::npos, "text holds nothing that sets its direction or ends it", line);
}

void demand_json(std::string_view line, std::string_view key, std::string_view value) {
  const auto document = nlohmann::json::parse(line, nullptr, false);
  demand(document.is_object(), "an answer is a JSON object", line);
  demand(document.value(std::string(key), std::string()) == value, "a JSON string comes back as it was", line);
}

void demand_limits(const Command& command) {
  const bool named = command.op == Op::Register || command.op == Op::Login || command.op == Op::Msg;
  const bool in_room =
      command.op == Op::Say || command.op == Op::Join || command.op == Op::Leave || command.op == Op::History;
  const bool speaks =
      command.op == Op::Broadcast || command.op == Op::Say || command.op == Op::Msg || command.op == Op::Count;
  const bool has_password = command.op == Op::Register || command.op == Op::Login;
  demand(named ? is_valid_name(command.name) : command.name.empty(), "names are checked", command.name);
  demand(in_room ? is_valid_room(command.room) : command.room.empty(), "rooms are checked", command.room);
  demand(!speaks || is_valid_text(command.text), "texts are checked", command.text);
  demand(!has_password || is_valid_password(command.password), "passwords are checked", command.password);
  demand(command.op != Op::Register || !is_guest_name(command.name), "guests' names are kept", command.name);
  demand(is_valid_utf8(command.text), "a text is UTF-8", command.text);
  demand(command.text.find('\0') == std::string_view::npos, "a text holds no NUL", command.text);
  demand(command.limit >= 1 && command.limit <= kMaxHistoryMessages, "the limit of history is checked", {});
  demand(command.id.empty() || nlohmann::json::accept(command.id), "an id is JSON", command.id);
}

void check_line(const Dialect& speaker, std::string_view line) {
  CommandStorage storage;
  const ParseOutcome outcome = speaker.parse(line, storage);
  const Dialect& text = dialect(DialectId::Text);
  const Dialect& json = dialect(DialectId::JsonLines);
  std::string as_text;
  std::string as_json;
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
    text.refused(as_text, *refusal);
    json.refused(as_json, *refusal);
    demand_json(as_json, "message", refusal->message);
  } else {
    const auto& command = std::get<Command>(outcome);
    demand_limits(command);
    const MessageEvent event{
        .seq = 1, .epoch = "e", .time = 0, .room = "#a", .to = {}, .from = {1, "n"}, .text = command.text};
    text.message(as_text, event);
    json.message(as_json, event);
    demand_json(as_json, "text", command.text);
    as_json.clear();
    json.echo(as_json, {command.op, command.id}, command.text);
    demand_json(as_json, "text", command.text);
  }
  demand_one_line(as_text);
  demand_printable(as_text);
  demand_one_line(as_json);
}

void check_lines(DialectId id, std::string_view bytes) {
  bool discarding = false;
  for (;;) {
    const Frame frame = next_line(bytes, discarding);
    demand(frame.consumed <= bytes.size(), "no more is consumed than there is", bytes);
    if (frame.kind == FrameKind::Incomplete) return;
    demand(frame.consumed > 0, "the framer gets on", bytes);
    demand(frame.line.size() <= kMaxLineBytes, "lines keep the limit", frame.line);
    if (frame.kind == FrameKind::Line) check_line(dialect(id), frame.line);
    bytes.remove_prefix(frame.consumed);
  }
}

template <typename NextSize>
std::vector<std::string> outcomes_in_pieces(DialectId id, std::string_view bytes, NextSize next_size) {
  StreamReader reader(id);
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), next_size());
    reader.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  demand(reader.largest_rest() <= kMaxLineBytes + 1, "no more than a line and its CR is kept", {});
  return reader.outcomes();
}

}  // namespace

void check_stream(DialectId id, std::string_view bytes) {
  check_lines(id, bytes);

  const auto whole = outcomes_in_pieces(id, bytes, [&bytes] { return bytes.size(); });
  const auto single = outcomes_in_pieces(id, bytes, [] { return 1; });
  demand(whole == single, "byte by byte nothing changes", bytes);

  std::mt19937_64 random(XXH3_64bits(bytes.data(), bytes.size()));
  for (const std::uint64_t largest : {4U, 64U, 10000U}) {
    const auto pieces = outcomes_in_pieces(id, bytes, [&] { return 1 + random() % largest; });
    demand(whole == pieces, "in pieces nothing changes", bytes);
  }
}

}  // namespace rookery::wire
