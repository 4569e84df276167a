#include "client/terminal/server_line.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "client/terminal/paint.h"
#include "ipc/wire/limits.h"
#include "ipc/wire/safe_text.h"

namespace rookery::client {
namespace {

using Json = nlohmann::json;

// The server may be of another version, or not one at all: a field that is absent or of another type counts as empty.
std::string raw(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

bool truth(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

double real(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0.0;
}

const Json& items(const Json& json, const char* key) {
  static const Json kNone = Json::array();
  const auto found = json.find(key);
  return found != json.end() && found->is_array() ? *found : kNone;
}

std::string safe(const Json& json, const char* key) {
  return wire::make_harmless(raw(json, key));
}
std::uint64_t count(const Json& json, const char* key) {
  return number(json, key).value_or(0);
}

struct View {
  const ViewStyle& style;
  std::time_t now;

  [[nodiscard]] std::string time(const Json& event) const {
    return paint(clock_time(raw(event, "time"), now), Ink::Faint, style);
  }

  [[nodiscard]] std::string person(const Json& event) const {
    const auto from = event.find("from");
    if (from == event.end() || !from->is_object()) return "?";
    const std::string name = safe(*from, "name");
    return paint_name(name, style) + paint(fmt::format("({})", count(*from, "client")), Ink::Faint, style);
  }

  [[nodiscard]] std::string message(const Json& event) const {
    const std::string room = raw(event, "room");
    std::string place;
    if (room.empty()) {
      place = paint("[@]", Ink::Direct, style);
    } else if (room == wire::kEverybody) {
      place = paint("[*]", Ink::Broadcast, style);
    } else {
      place = paint(fmt::format("[{}]", wire::make_harmless(room)), Ink::Room, style);
    }
    return fmt::format("{} {} {}: {}", time(event), place, person(event), safe(event, "text"));
  }

  [[nodiscard]] std::string client(const Json& item) const {
    std::string since = raw(item, "since");
    if (const auto milliseconds = number(item, "since"))
      since = clock_time(*milliseconds, now);
    else
      since = clock_time(since, now);
    return fmt::format("{} {} {} {} since {}", count(item, "client"), paint_name(safe(item, "name"), style),
                       count(item, "worker"), safe(item, "dialect"), since);
  }
};

void read_event(const Json& json, const View& view, ServerLine& line) {
  const std::string& event = line.subject;
  if (event == "message") {
    line.shown.push_back(view.message(json));
  } else if (event == "joined" || event == "left") {
    line.shown.push_back(
        fmt::format("{} {} {} {}", paint("*", Ink::Notice, view.style), view.person(json), event, safe(json, "room")));
  } else if (event == "missed") {
    line.shown.push_back(view_notice(
        fmt::format("{} messages were passed over: the connection was too slow", count(json, "count")), view.style));
  } else if (event == "notice") {
    line.shown.push_back(view_notice(raw(json, "text"), view.style));
    line.final = truth(json, "final");
  }  // others are of a newer server and not for us
}

std::string acknowledgement(const Json& json, const ServerLine& line) {
  const std::string& op = line.subject;
  if (op == "register") return fmt::format("OK registered {}", safe(json, "name"));
  if (op == "login") return fmt::format("OK logged in as {}, client {}", safe(json, "name"), count(json, "client"));
  if (op == "logout") return "OK logged out";
  if (op == "echo") return fmt::format("Echo: {}", safe(json, "text"));
  if (op == "join") return fmt::format("OK joined {}, {} members", safe(json, "room"), count(json, "members"));
  if (op == "leave") return fmt::format("OK left {}, {} members", safe(json, "room"), count(json, "members"));
  if (op == "presence") return truth(json, "on") ? "OK presence on" : "OK presence off";
  if (op == "ping") return "OK pong";
  if (op == "quit") return "OK bye";
  if (op == "count") {
    return fmt::format("OK words={} characters={} vowels={} odd-words={} ms={:.3f}", count(json, "words"),
                       count(json, "characters"), count(json, "vowels"), count(json, "odd_words"), real(json, "ms"));
  }
  return line.seq ? fmt::format("OK {}", *line.seq) : "OK";
}

void read_reply(const Json& json, const View& view, ServerLine& line) {
  if (!line.ok) {
    line.error = raw(json, "error");
    line.shown.push_back(view_refusal(line.error, raw(json, "message"), view.style));
  } else if (line.subject == "list") {
    for (const Json& item : items(json, "clients"))
      if (item.is_object()) line.shown.push_back(view.client(item));
    line.shown.push_back(fmt::format("OK {} clients", line.shown.size()));
  } else if (line.subject == "rooms") {
    for (const Json& item : items(json, "rooms"))
      if (item.is_object()) line.shown.push_back(fmt::format("{} {}", safe(item, "room"), count(item, "members")));
    line.shown.push_back(fmt::format("OK {} rooms", line.shown.size()));
  } else if (line.subject == "history") {
    for (const Json& item : items(json, "messages"))
      if (item.is_object()) line.shown.push_back(view.message(item));
    line.shown.push_back(fmt::format("OK {} messages", line.shown.size()));
  } else {
    line.shown.push_back(acknowledgement(json, line));
  }
}

}  // namespace

ServerLine read_server_line(std::string_view text, const ViewStyle& style, std::time_t now) {
  ServerLine line;
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_object()) {
    line.subject = raw(json, "re");
    if (!line.subject.empty() || json.contains("ok")) {
      line.kind = ServerLine::Kind::Reply;
    } else {
      line.subject = raw(json, "event");
      if (!line.subject.empty()) line.kind = ServerLine::Kind::Event;
    }
  }
  if (line.kind == ServerLine::Kind::Foreign) {
    if (!text.empty()) line.shown.push_back(fmt::format("server: {}", wire::make_harmless(text)));
    return line;
  }
  line.id = number(json, "id");
  line.ok = truth(json, "ok");
  line.room = raw(json, "room");
  line.name = raw(json, "name");
  line.epoch = raw(json, "epoch");
  line.seq = number(json, "seq");
  line.missed = count(json, "missed");
  line.recovered = truth(json, "recovered");
  const View view{style, now};
  if (line.kind == ServerLine::Kind::Reply)
    read_reply(json, view, line);
  else
    read_event(json, view, line);
  return line;
}

std::string view_sent_message(std::string_view to, std::string_view text, const ViewStyle& style, std::time_t now) {
  return fmt::format(
      "{} {} to {}: {}", paint(clock_time(static_cast<std::uint64_t>(now) * 1000, now), Ink::Faint, style),
      paint("[@]", Ink::Direct, style), paint_name(wire::make_harmless(to), style), wire::make_harmless(text));
}

std::string view_notice(std::string_view text, const ViewStyle& style) {
  return paint("*** " + wire::make_harmless(text), Ink::Notice, style);
}

std::string view_refusal(std::string_view code, std::string_view message, const ViewStyle& style) {
  return paint(wire::make_harmless(fmt::format("ERR {} {}", code, message)), Ink::Problem, style);
}

}  // namespace rookery::client
