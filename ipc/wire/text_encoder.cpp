// ipc/wire/text_encoder.cpp: replies and events as lines for people.
#include "ipc/wire/append.h"
#include "ipc/wire/plain_text.h"
#include "ipc/wire/text_commands.h"
#include "ipc/wire/text_dialect.h"

namespace rookery::wire {
namespace {

// Where a message was said: its room, `*` for everybody, `@` for you alone.
std::string_view place(const MessageEvent& event) noexcept {
  return event.to.empty() ? event.room : "@";
}

void append_text_message(std::string& out, const MessageEvent& event) {
  append_all(out, "[", place(event), "] ", event.from.name, "(", event.from.client, "): ");
  append_plain_text(out, event.text);
  out.push_back('\n');
}

std::string_view noun(Op op) noexcept {
  if (op == Op::List) return " clients\n";
  if (op == Op::Rooms) return " rooms\n";
  return " messages\n";
}

}  // namespace

void TextDialect::message(std::string& out, const MessageEvent& event) const {
  append_text_message(out, event);
}

void TextDialect::joined(std::string& out, std::string_view room, const Sender& who) const {
  append_all(out, "[", room, "] + ", who.name, "(", who.client, ") joined\n");
}

void TextDialect::left(std::string& out, std::string_view room, const Sender& who) const {
  append_all(out, "[", room, "] - ", who.name, "(", who.client, ") left\n");
}

void TextDialect::missed(std::string& out, std::uint64_t count) const {
  append_all(out, "[!] missed ", count, " messages\n");
}

void TextDialect::notice(std::string& out, std::string_view text) const {
  out.append("[!] ");
  append_plain_text(out, text);
  out.push_back('\n');
}

void TextDialect::dismissal(std::string& out, std::string_view text) const {
  notice(out, text);
}

void TextDialect::refused(std::string& out, const Refusal& refusal) const {
  append_all(out, "ERR ", to_string(refusal.code), " ");
  append_plain_text(out, refusal.message);
  out.push_back('\n');
}

void TextDialect::echo(std::string& out, const RequestTag& /*tag*/, std::string_view text) const {
  out.append("Echo: ");
  append_plain_text(out, text);
  out.push_back('\n');
}

void TextDialect::registered(std::string& out, const RequestTag& /*tag*/, std::string_view name) const {
  append_all(out, "OK registered ", name, "\n");
}

void TextDialect::logged_in(std::string& out, const RequestTag& /*tag*/, const Sender& who, std::string_view /*epoch*/,
                            std::uint64_t /*newest_seq*/) const {
  append_all(out, "OK logged in as ", who.name, ", client ", who.client, "\n");
}

void TextDialect::logged_out(std::string& out, const RequestTag& /*tag*/) const {
  out.append("OK logged out\n");
}

void TextDialect::accepted(std::string& out, const RequestTag& /*tag*/, std::uint64_t seq, std::string_view /*epoch*/,
                           std::int64_t /*time*/) const {
  append_all(out, "OK ", seq, "\n");
}

void TextDialect::membership(std::string& out, const RequestTag& tag, std::string_view room,
                             std::uint64_t members) const {
  append_all(out, tag.op == Op::Join ? "OK joined " : "OK left ", room, ", ", members, " members\n");
}

void TextDialect::presence(std::string& out, const RequestTag& /*tag*/, bool on) const {
  out.append(on ? "OK presence on\n" : "OK presence off\n");
}

void TextDialect::counted(std::string& out, const RequestTag& /*tag*/, const CountResult& result) const {
  append_all(out, "OK words=", result.words, " characters=", result.characters, " vowels=", result.vowels,
             " odd-words=", result.odd_words, " ms=");
  append_milliseconds(out, result.milliseconds);
  out.push_back('\n');
}

void TextDialect::resumed(std::string& out, const RequestTag& /*tag*/, bool recovered, std::uint64_t missed) const {
  append_all(out, recovered ? "OK recovered, missed " : "OK not recovered, missed ", missed, " messages\n");
}

void TextDialect::pong(std::string& out, const RequestTag& /*tag*/) const {
  out.append("OK pong\n");
}

void TextDialect::help(std::string& out, const RequestTag& /*tag*/) const {
  for (const TextCommand& command : text_commands()) append_all(out, command.usage, ": ", command.purpose, "\n");
  out.append("OK help\n");
}

void TextDialect::bye(std::string& out, const RequestTag& /*tag*/) const {
  out.append("OK bye\n");
}

void TextDialect::begin_items(std::string& /*out*/, const RequestTag& /*tag*/) const {}  // items need no heading here

void TextDialect::client_item(std::string& out, std::uint64_t /*index*/, const ClientListing& item) const {
  append_all(out, item.client, " ", item.name, " ", item.worker, "\n");
}

void TextDialect::room_item(std::string& out, std::uint64_t /*index*/, const RoomListing& item) const {
  append_all(out, item.room, " ", item.members, "\n");
}

void TextDialect::message_item(std::string& out, std::uint64_t /*index*/, const MessageEvent& item) const {
  append_text_message(out, item);
}

void TextDialect::end_items(std::string& out, const RequestTag& tag, std::uint64_t count) const {
  append_all(out, "OK ", count, noun(tag.op));
}

}  // namespace rookery::wire
