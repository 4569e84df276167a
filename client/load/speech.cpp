#include "client/load/speech.h"

#include <nlohmann/json.hpp>

#include "client/load/json_fields.h"
#include "client/load/scan.h"
#include "ipc/wire/append.h"

namespace rookery::load {
namespace {

using wire::append_all;

// [#room] name(12): text     [@] name(12): text     [#room] + name(12) joined     [!] missed 12 messages
Heard text_event(std::string_view line) noexcept {
  Heard heard;
  const std::size_t close = line.find("] ");
  if (close == std::string_view::npos) return heard;
  heard.said = Said::Event;
  heard.room = line.substr(1, close - 1);
  std::string_view rest = line.substr(close + 2);
  if (heard.room == "!") {
    if (skip(rest, "missed ") && take_number(rest, heard.count) && rest == " messages") heard.said = Said::Missed;
    return heard;
  }
  if (rest.starts_with("+ ") || rest.starts_with("- ")) return heard;
  const std::size_t colon = rest.find("): ");
  if (colon == std::string_view::npos) return heard;
  heard.said = Said::Message;
  heard.text = rest.substr(colon + 3);
  const std::size_t bracket = rest.rfind('(', colon);
  if (bracket == std::string_view::npos) return heard;
  heard.sender = rest.substr(0, bracket);
  std::string_view digits = rest.substr(bracket + 1);
  (void)take_number(digits, heard.client);
  return heard;
}

Heard understand_text(std::string_view line) noexcept {
  if (line.starts_with('[')) return text_event(line);
  Heard heard;
  std::string_view rest = line;
  if (skip(rest, "Echo: ")) {
    heard.said = Said::Echo;
    heard.text = rest;
  } else if (skip(rest, "OK ")) {
    heard.said = Said::Done;
    if (rest == "pong") heard.said = Said::Pong;
    if (take_number(rest, heard.seq) && rest.empty()) heard.said = Said::Accepted;
  } else if (skip(rest, "ERR ")) {
    const std::size_t space = rest.find(' ');
    heard.said = Said::Refused;
    heard.code = rest.substr(0, space);
    if (space != std::string_view::npos) heard.text = rest.substr(space + 1);
  }
  return heard;
}

// The rest of a line from the text's first byte on is the text and `"}`. Not when anything is escaped in it.
bool take_last_text(std::string_view rest, std::string_view& text) noexcept {
  if (!rest.ends_with("\"}") || rest.find('\\') != std::string_view::npos) return false;
  text = rest.substr(0, rest.size() - 2);
  return text.find('"') == std::string_view::npos;
}

// The three lines of which there are many, as the server writes them.
bool understand_usual_json(std::string_view line, Heard& heard) noexcept {
  std::string_view rest = line;
  if (skip(rest, R"({"event":"message","seq":)")) {
    if (!take_number(rest, heard.seq)) return false;
    const std::size_t room = rest.find(R"(,"room":")");
    if (room == std::string_view::npos) return false;
    rest.remove_prefix(room + 9);
    const std::size_t room_end = rest.find('"');
    const std::size_t text = rest.find(R"(},"text":")");
    if (text == std::string_view::npos || room_end > text) return false;
    heard.said = Said::Message;
    heard.room = rest.substr(0, room_end);
    std::string_view from = rest.substr(room_end, text - room_end);
    if (skip(from, R"(","from":{"client":)") && take_number(from, heard.client) && skip(from, R"(,"name":")") &&
        from.ends_with('"'))
      heard.sender = from.substr(0, from.size() - 1);
    return take_last_text(rest.substr(text + 10), heard.text);
  }
  if (skip(rest, R"({"re":"echo","id":)")) {
    heard.said = Said::Echo;
    return take_number(rest, heard.id) && skip(rest, R"(,"ok":true,"text":")") && take_last_text(rest, heard.text);
  }
  if (skip(rest, R"({"re":"say","id":)")) {
    heard.said = Said::Accepted;
    return take_number(rest, heard.id) && skip(rest, R"(,"ok":true,"seq":)") && take_number(rest, heard.seq);
  }
  return false;
}

}  // namespace

Heard Speech::understand_json(std::string_view line) {
  Heard heard;
  if (understand_usual_json(line, heard)) return heard;
  heard = {};
  // A connection beyond the server's limits is told so in the text dialect, whatever it speaks.
  if (line.starts_with("ERR ")) return understand_text(line);
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return heard;
  heard.seq = number_in(json, "seq");
  heard.id = number_in(json, "id");
  heard.text = text_ = string_in(json, "text");
  if (!json.contains("re")) {
    const std::string event = string_in(json, "event");
    heard.room = room_ = json.contains("to") ? "@" : string_in(json, "room");
    heard.count = number_in(json, "count");
    if (const auto from = json.find("from"); from != json.end() && from->is_object()) {
      heard.sender = sender_ = string_in(*from, "name");
      heard.client = number_in(*from, "client");
    }
    heard.said = event == "message" ? Said::Message : event == "missed" ? Said::Missed : Said::Event;
    return heard;
  }
  const auto ok = json.find("ok");
  if (ok == json.end() || *ok != true) {
    heard.said = Said::Refused;
    heard.code = code_ = string_in(json, "error");
    heard.text = text_ = string_in(json, "message");
    return heard;
  }
  const std::string re = string_in(json, "re");
  heard.said = re == "echo"                                      ? Said::Echo
               : re == "ping"                                    ? Said::Pong
               : re == "say" || re == "broadcast" || re == "msg" ? Said::Accepted
                                                                 : Said::Done;
  return heard;
}

Heard Speech::understand(std::string_view line) {
  return json_ ? understand_json(line) : understand_text(line);
}

void Speech::echo(std::string& out, std::uint64_t id, std::string_view text) const {
  if (json_)
    append_all(out, R"({"op":"echo","id":)", id, R"(,"text":")", text, "\"}\n");
  else
    append_all(out, text, "\n");
}

void Speech::say(std::string& out, std::uint64_t id, std::string_view room, std::string_view text) const {
  if (json_)
    append_all(out, R"({"op":"say","id":)", id, R"(,"room":")", room, R"(","text":")", text, "\"}\n");
  else
    append_all(out, "/say ", room, " ", text, "\n");
}

void Speech::join(std::string& out, std::uint64_t id, std::string_view room) const {
  if (json_)
    append_all(out, R"({"op":"join","id":)", id, R"(,"room":")", room, "\"}\n");
  else
    append_all(out, "/join ", room, "\n");
}

void Speech::leave(std::string& out, std::uint64_t id, std::string_view room) const {
  if (json_)
    append_all(out, R"({"op":"leave","id":)", id, R"(,"room":")", room, "\"}\n");
  else
    append_all(out, "/leave ", room, "\n");
}

void Speech::ping(std::string& out, std::uint64_t id) const {
  if (json_)
    append_all(out, R"({"op":"ping","id":)", id, "}\n");
  else
    append_all(out, "/ping\n");
}

void Speech::register_account(std::string& out, std::uint64_t id, std::string_view name,
                              std::string_view password) const {
  if (json_)
    append_all(out, R"({"op":"register","id":)", id, R"(,"name":")", name, R"(","password":")", password, "\"}\n");
  else
    append_all(out, "/register ", name, " ", password, "\n");
}

void Speech::login(std::string& out, std::uint64_t id, std::string_view name, std::string_view password) const {
  if (json_)
    append_all(out, R"({"op":"login","id":)", id, R"(,"name":")", name, R"(","password":")", password, "\"}\n");
  else
    append_all(out, "/login ", name, " ", password, "\n");
}

void Speech::logout(std::string& out, std::uint64_t id) const {
  if (json_)
    append_all(out, R"({"op":"logout","id":)", id, "}\n");
  else
    append_all(out, "/logout\n");
}

void Speech::quit(std::string& out, std::uint64_t id) const {
  if (json_)
    append_all(out, R"({"op":"quit","id":)", id, "}\n");
  else
    append_all(out, "/quit\n");
}

}  // namespace rookery::load
