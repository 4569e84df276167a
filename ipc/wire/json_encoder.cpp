// ipc/wire/json_encoder.cpp: replies and events as JSON lines.
//
// Names, rooms, epochs and error codes hold nothing that JSON escapes (limits.h), but they go through the same door as
// texts: it costs little, and no caller can break a line by mistake.
#include "ipc/wire/append.h"
#include "ipc/wire/json_dialect.h"
#include "ipc/wire/json_string.h"
#include "ipc/wire/timestamp.h"

namespace rookery::wire {
namespace {

void append_string_field(std::string& out, std::string_view key_with_comma, std::string_view value) {
  out.append(key_with_comma);
  append_json_string(out, value);
}

void append_time_field(std::string& out, std::string_view key_with_comma, std::int64_t time) {
  out.append(key_with_comma);
  out.push_back('"');
  append_timestamp(out, time);
  out.push_back('"');
}

void append_from(std::string& out, const Sender& who) {
  append_all(out, R"(,"from":{"client":)", who.client);
  append_string_field(out, R"(,"name":)", who.name);
  out.push_back('}');
}

// {"re":OP,"id":ANY — the id as it came, if it came.
void open_answer(std::string& out, std::string_view op, std::string_view id) {
  out.append(R"({"re":)");
  if (op.empty())
    out.append("null");
  else
    append_json_string(out, op);
  if (!id.empty()) append_all(out, R"(,"id":)", id);
}

void open_reply(std::string& out, const RequestTag& tag) {
  open_answer(out, to_string(tag.op), tag.id);
  out.append(R"(,"ok":true)");
}

void append_json_message(std::string& out, const MessageEvent& event) {
  append_all(out, R"({"event":"message","seq":)", event.seq);
  append_string_field(out, R"(,"epoch":)", event.epoch);
  append_time_field(out, R"(,"time":)", event.time);
  if (event.to.empty())
    append_string_field(out, R"(,"room":)", event.room);
  else
    append_string_field(out, R"(,"to":)", event.to);
  append_from(out, event.from);
  append_string_field(out, R"(,"text":)", event.text);
  out.push_back('}');
}

void append_presence_event(std::string& out, std::string_view kind, std::string_view room, const Sender& who) {
  append_string_field(out, R"({"event":)", kind);
  append_string_field(out, R"(,"room":)", room);
  append_from(out, who);
  out.append("}\n");
}

std::string_view items_key(Op op) noexcept {
  if (op == Op::List) return R"(,"clients":[)";
  if (op == Op::Rooms) return R"(,"rooms":[)";
  return R"(,"messages":[)";
}

void separate_item(std::string& out, std::uint64_t index) {
  if (index > 0) out.push_back(',');
}

}  // namespace

void JsonDialect::message(std::string& out, const MessageEvent& event) const {
  append_json_message(out, event);
  out.push_back('\n');
}

void JsonDialect::joined(std::string& out, std::string_view room, const Sender& who) const {
  append_presence_event(out, "joined", room, who);
}

void JsonDialect::left(std::string& out, std::string_view room, const Sender& who) const {
  append_presence_event(out, "left", room, who);
}

void JsonDialect::missed(std::string& out, std::uint64_t count) const {
  append_all(out, R"({"event":"missed","count":)", count, "}\n");
}

void JsonDialect::notice(std::string& out, std::string_view text) const {
  append_string_field(out, R"({"event":"notice","text":)", text);
  out.append("}\n");
}

void JsonDialect::dismissal(std::string& out, std::string_view text) const {
  append_string_field(out, R"({"event":"notice","text":)", text);
  out.append(",\"final\":true}\n");
}

void JsonDialect::refused(std::string& out, const Refusal& refusal) const {
  open_answer(out, refusal.op, refusal.id);
  append_string_field(out, R"(,"ok":false,"error":)", to_string(refusal.code));
  append_string_field(out, R"(,"message":)", refusal.message);
  out.append("}\n");
}

void JsonDialect::echo(std::string& out, const RequestTag& tag, std::string_view text) const {
  open_reply(out, tag);
  append_string_field(out, R"(,"text":)", text);
  out.append("}\n");
}

void JsonDialect::registered(std::string& out, const RequestTag& tag, std::string_view name) const {
  open_reply(out, tag);
  append_string_field(out, R"(,"name":)", name);
  out.append("}\n");
}

void JsonDialect::logged_in(std::string& out, const RequestTag& tag, const Sender& who, std::string_view epoch,
                            std::uint64_t newest_seq) const {
  open_reply(out, tag);
  append_all(out, R"(,"client":)", who.client);
  append_string_field(out, R"(,"name":)", who.name);
  append_string_field(out, R"(,"epoch":)", epoch);
  append_all(out, R"(,"seq":)", newest_seq, "}\n");
}

void JsonDialect::logged_out(std::string& out, const RequestTag& tag) const {
  open_reply(out, tag);
  out.append("}\n");
}

void JsonDialect::accepted(std::string& out, const RequestTag& tag, std::uint64_t seq, std::string_view epoch,
                           std::int64_t time) const {
  open_reply(out, tag);
  append_all(out, R"(,"seq":)", seq);
  append_string_field(out, R"(,"epoch":)", epoch);
  append_time_field(out, R"(,"time":)", time);
  out.append("}\n");
}

void JsonDialect::membership(std::string& out, const RequestTag& tag, std::string_view room,
                             std::uint64_t members) const {
  open_reply(out, tag);
  append_string_field(out, R"(,"room":)", room);
  append_all(out, R"(,"members":)", members, "}\n");
}

void JsonDialect::presence(std::string& out, const RequestTag& tag, bool on) const {
  open_reply(out, tag);
  out.append(on ? R"(,"on":true})" : R"(,"on":false})").push_back('\n');
}

void JsonDialect::counted(std::string& out, const RequestTag& tag, const CountResult& result) const {
  open_reply(out, tag);
  append_all(out, R"(,"words":)", result.words, R"(,"characters":)", result.characters, R"(,"vowels":)", result.vowels,
             R"(,"odd_words":)", result.odd_words, R"(,"ms":)");
  append_milliseconds(out, result.milliseconds);
  out.append("}\n");
}

void JsonDialect::resumed(std::string& out, const RequestTag& tag, bool recovered, std::uint64_t missed) const {
  open_reply(out, tag);
  append_all(out, recovered ? R"(,"recovered":true,"missed":)" : R"(,"recovered":false,"missed":)", missed, "}\n");
}

void JsonDialect::pong(std::string& out, const RequestTag& tag) const {
  open_reply(out, tag);
  out.append("}\n");
}

void JsonDialect::help(std::string& out, const RequestTag& tag) const {
  open_reply(out, tag);
  out.append(R"(,"commands":[)");
  for (std::size_t i = 0; i < kOpCount; ++i) {
    separate_item(out, i);
    append_json_string(out, to_string(static_cast<Op>(i)));
  }
  out.append("]}\n");
}

void JsonDialect::bye(std::string& out, const RequestTag& tag) const {
  open_reply(out, tag);
  out.append("}\n");
}

void JsonDialect::begin_items(std::string& out, const RequestTag& tag) const {
  open_reply(out, tag);
  out.append(items_key(tag.op));
}

void JsonDialect::client_item(std::string& out, std::uint64_t index, const ClientListing& item) const {
  separate_item(out, index);
  append_all(out, R"({"client":)", item.client);
  append_string_field(out, R"(,"name":)", item.name);
  append_all(out, R"(,"worker":)", item.worker);
  append_string_field(out, R"(,"dialect":)", to_string(item.dialect));
  append_time_field(out, R"(,"since":)", item.since);
  out.push_back('}');
}

void JsonDialect::room_item(std::string& out, std::uint64_t index, const RoomListing& item) const {
  separate_item(out, index);
  append_string_field(out, R"({"room":)", item.room);
  append_all(out, R"(,"members":)", item.members, "}");
}

void JsonDialect::message_item(std::string& out, std::uint64_t index, const MessageEvent& item) const {
  separate_item(out, index);
  append_json_message(out, item);
}

void JsonDialect::end_items(std::string& out, const RequestTag& /*tag*/, std::uint64_t /*count*/) const {
  out.append("]}\n");
}

}  // namespace rookery::wire
