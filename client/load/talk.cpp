#include "client/load/talk.h"

#include <nlohmann/json.hpp>

#include "client/load/json_fields.h"
#include "client/load/scan.h"
#include "ipc/wire/append.h"

namespace rookery::load {
namespace {

using wire::append_all;

// The good answer to `op`, or null.
nlohmann::json answer_to(std::string_view op, std::string_view line) {
  nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || string_in(json, "re") != op) return nullptr;
  const auto ok = json.find("ok");
  return ok != json.end() && *ok == true ? json : nlohmann::json(nullptr);
}

// OK joined #room, 3 members
bool is_membership(std::string_view line, std::string_view verb, std::string_view room) {
  std::uint64_t members = 0;
  return skip(line, verb) && skip(line, room) && skip(line, ", ") && take_number(line, members) && line == " members";
}

}  // namespace

void Talk::broadcast(std::string& out, std::uint64_t id, std::string_view text) const {
  if (json_)
    append_all(out, R"({"op":"broadcast","id":)", id, R"(,"text":")", text, "\"}\n");
  else
    append_all(out, "/broadcast ", text, "\n");
}

void Talk::message(std::string& out, std::uint64_t id, std::string_view to, std::string_view text) const {
  if (json_)
    append_all(out, R"({"op":"msg","id":)", id, R"(,"to":")", to, R"(","text":")", text, "\"}\n");
  else
    append_all(out, "/msg ", to, " ", text, "\n");
}

void Talk::count(std::string& out, std::uint64_t id, std::string_view text) const {
  if (json_)
    append_all(out, R"({"op":"count","id":)", id, R"(,"text":")", text, "\"}\n");
  else
    append_all(out, "/count ", text, "\n");
}

void Talk::history(std::string& out, std::uint64_t id, std::string_view room, std::uint32_t limit) const {
  if (json_)
    append_all(out, R"({"op":"history","id":)", id, R"(,"room":")", room, R"(","limit":)", limit, "}\n");
  else
    append_all(out, "/history ", room, " ", limit, "\n");
}

std::optional<std::string> Talk::registered(std::string_view line) const {
  if (!json_) return skip(line, "OK registered ") ? std::optional(std::string(line)) : std::nullopt;
  const nlohmann::json json = answer_to("register", line);
  return json.is_null() ? std::nullopt : std::optional(string_in(json, "name"));
}

std::optional<LoggedIn> Talk::logged_in(std::string_view line) const {
  if (json_) {
    const nlohmann::json json = answer_to("login", line);
    if (json.is_null()) return std::nullopt;
    return LoggedIn{.name = string_in(json, "name"), .client = number_in(json, "client")};
  }
  if (!skip(line, "OK logged in as ")) return std::nullopt;
  const std::size_t comma = line.find(", client ");
  if (comma == std::string_view::npos) return std::nullopt;
  LoggedIn answer{.name = std::string(line.substr(0, comma)), .client = 0};
  line.remove_prefix(comma + 9);
  if (!take_number(line, answer.client) || !line.empty()) return std::nullopt;
  return answer;
}

bool Talk::logged_out(std::string_view line) const {
  return json_ ? !answer_to("logout", line).is_null() : line == "OK logged out";
}

bool Talk::joined(std::string_view line, std::string_view room) const {
  return json_ ? string_in(answer_to("join", line), "room") == room : is_membership(line, "OK joined ", room);
}

bool Talk::left(std::string_view line, std::string_view room) const {
  return json_ ? string_in(answer_to("leave", line), "room") == room : is_membership(line, "OK left ", room);
}

bool Talk::said_bye(std::string_view line) const {
  return json_ ? !answer_to("quit", line).is_null() : line == "OK bye";
}

std::optional<Counted> Talk::counted(std::string_view line) const {
  if (json_) {
    const nlohmann::json json = answer_to("count", line);
    if (json.is_null()) return std::nullopt;
    return Counted{.words = number_in(json, "words"),
                   .characters = number_in(json, "characters"),
                   .vowels = number_in(json, "vowels"),
                   .odd_words = number_in(json, "odd_words")};
  }
  Counted counted;
  const bool whole = skip(line, "OK words=") && take_number(line, counted.words) && skip(line, " characters=") &&
                     take_number(line, counted.characters) && skip(line, " vowels=") &&
                     take_number(line, counted.vowels) && skip(line, " odd-words=") &&
                     take_number(line, counted.odd_words) && line.starts_with(" ms=");
  return whole ? std::optional(counted) : std::nullopt;
}

std::optional<std::uint64_t> Talk::history_end(std::string_view line) const {
  std::uint64_t count = 0;
  const bool whole = skip(line, "OK ") && take_number(line, count) && line == " messages";
  return whole ? std::optional(count) : std::nullopt;
}

std::optional<std::vector<HistoryItem>> Talk::history_answer(std::string_view line) const {
  const nlohmann::json json = answer_to("history", line);
  const auto messages = json.find("messages");
  if (json.is_null() || messages == json.end() || !messages->is_array()) return std::nullopt;
  std::vector<HistoryItem> items;
  for (const nlohmann::json& message : *messages) {
    const nlohmann::json from = message.value("from", nlohmann::json::object());
    items.push_back({.room = string_in(message, "room"),
                     .text = string_in(message, "text"),
                     .sender = string_in(from, "name"),
                     .client = number_in(from, "client"),
                     .seq = number_in(message, "seq")});
  }
  return items;
}

}  // namespace rookery::load
