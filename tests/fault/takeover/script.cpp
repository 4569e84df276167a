#include "tests/fault/takeover/script.h"

#include <algorithm>

#include "tests/fault/takeover/filler.h"

namespace rookery::system_test {
namespace {

const std::string kSecret = "correct-horse";
constexpr std::size_t kLineLimit = 8192;

std::string json_quoted(std::string_view text) {
  return "\"" + in_json(text) + "\"";
}

}  // namespace

bool Allowance::take() {
  const auto now = Clock::now();
  left_ = std::min(left_ + std::chrono::duration<double>(now - at_).count() * per_second_, per_second_);
  at_ = now;
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

Script::Script(Who who, Common& common, std::uint64_t seed)
    : who_(std::move(who)), common_(common), random_(seed), own_room_("#own-" + std::to_string(who_.number)) {}

std::vector<std::string> Script::rooms() const {
  std::vector<std::string> rooms;
  for (const Place room : who_.rooms) rooms.push_back(common_.book.name_of(room));
  if (in_own_room_) rooms.push_back(own_room_);
  if (has_resumed_) rooms.push_back(common_.old_room);
  return rooms;
}

std::string Script::name(std::uint64_t id) const {
  return logged_in_ ? who_.account : "guest" + std::to_string(id);
}

std::uint64_t Script::below(std::uint64_t limit) {
  return random_() % limit;
}

std::string Script::re(const char* op) const {
  return R"({"re":")" + std::string(op) + R"(","id":)" + std::to_string(next_id_) + R"(,"ok":true)";
}

std::string Script::refused(const char* op, const char* code) const {
  if (!json()) return "ERR " + std::string(code) + " " + kRest;
  return R"({"re":")" + std::string(op) + R"(","id":)" + std::to_string(next_id_) + R"(,"ok":false,"error":")" + code +
         "\"," + kRest;
}

void Script::ask(Said& said, const std::string& words, const char* op, Args fields, Answer answer) {
  if (json()) {
    said.bytes += R"({"op":")" + std::string(op) + R"(","id":)" + std::to_string(next_id_);
    for (const auto& [name, value] : fields) said.bytes += ",\"" + std::string(name) + "\":" + value;
    said.bytes += '}';
    ++next_id_;
  } else {
    said.bytes += words;
  }
  said.bytes += "\n";
  said.expected.push_back(std::move(answer));
  ++said.lines;
}

void Script::echo(Said& said) {
  ++echoes_;
  std::string text = "hello " + std::to_string(echoes_) + " " + filler(who_.number + 1'000'000, echoes_);
  if (below(40) == 0) text += std::string(below(3000), 'e');
  ask(said, text, "echo", {{"text", json_quoted(text)}},
      plain(json() ? re("echo") + ",\"text\":" + json_quoted(text) + "}" : "Echo: " + text));
}

void Script::ping(Said& said) {
  ask(said, "/ping", "ping", {}, plain(json() ? re("ping") + "}" : "OK pong"));
}

// N words of three letters, one of them a vowel.
void Script::count(Said& said) {
  const std::uint64_t words = 1 + below(60);
  std::string text;
  for (std::uint64_t i = 0; i < words; ++i) text += i == 0 ? "bad" : " bad";
  const std::string n = std::to_string(words), characters = std::to_string(4 * words - 1);
  ask(said, "/count " + text, "count", {{"text", json_quoted(text)}},
      plain(json() ? re("count") + ",\"words\":" + n + ",\"characters\":" + characters + ",\"vowels\":" + n +
                         ",\"odd_words\":" + n + ",\"ms\":" + kDecimal + "}"
                   : "OK words=" + n + " characters=" + characters + " vowels=" + n + " odd-words=" + n +
                         " ms=" + kDecimal));
}

void Script::help(Said& said) {
  Answer answer;
  if (json())
    answer.lines.push_back(re("help") + common_.help_json);
  else
    answer.more = common_.help;
  ask(said, "/help", "help", {}, std::move(answer));
}

void Script::list(Said& said) {
  const bool rooms = below(2) == 0;
  Answer answer;
  if (json()) {
    answer = plain(re(rooms ? "rooms" : "list") + (rooms ? ",\"rooms\":[" : ",\"clients\":[") + kRest);
  } else {
    answer.meaning = Meaning::List;
    answer.lines = {rooms ? "#" + kRest : kDigits + " " + kRest, "OK " + kDigits + (rooms ? " rooms" : " clients")};
  }
  ask(said, rooms ? "/rooms" : "/list", rooms ? "rooms" : "list", {}, std::move(answer));
}

void Script::history(Said& said) {
  if (!json() && !common_.old_in_text) return echo(said);
  Answer answer;
  if (json())
    answer.lines.push_back(re("history") + common_.old_history);
  else
    answer.more = common_.old_in_text;
  const std::string all = std::to_string(common_.old_events->size());
  ask(said, "/history " + common_.old_room + " " + all, "history",
      {{"room", json_quoted(common_.old_room)}, {"limit", all}, {"before", std::to_string(common_.old_end)}},
      std::move(answer));
}

// What is refused, in each way once: a command that is none, a line without an end in sight, bytes that are no UTF-8, a
// name that is taken.
void Script::nonsense(Said& said) {
  const std::string null_refusal = R"({"re":null,"ok":false,"error":")";
  const auto raw = [&](std::string bytes, const char* code) {
    said.bytes += std::move(bytes) + "\n";
    said.expected.push_back(
        plain(json() ? null_refusal + code + "\"," + kRest : "ERR " + std::string(code) + " " + kRest));
    ++said.lines;
  };
  switch (below(who_.account.empty() ? 3 : 4)) {
    case 0:
      return raw(std::string(kLineLimit + 1 + below(12'000), 'x'), "line-too-long");
    case 1:
      if (!json() && below(2) == 0) return raw("\xff\xf4\xff\xfd\x06", "bad-utf8");  // telnet's ^C
      return raw(json() ? "{\"op\":\"echo\",\"text\":\"\xff\"}" : "so \xff", "bad-utf8");
    case 2:
      return ask(said, "/nosuch thing", "nosuch", {}, plain(refused("nosuch", "bad-command")));
    default:
      if (!common_.passwords.take()) return;
      return ask(said, "/register " + who_.account + " " + kSecret, "register",
                 {{"name", json_quoted(who_.account)}, {"password", json_quoted(kSecret)}},
                 plain(refused("register", "name-taken")));
  }
}

void Script::log_in(Said& said) {
  Answer answer = plain(json() ? re("login") + ",\"client\":" + kDigits + ",\"name\":" + json_quoted(who_.account) +
                                     ",\"epoch\":" + json_quoted(common_.epoch) + ",\"seq\":" + kDigits + "}"
                               : "OK logged in as " + who_.account + ", client " + kDigits);
  answer.meaning = Meaning::LoggedIn;
  logged_in_ = true;
  ask(said, "/login " + who_.account + " " + kSecret, "login",
      {{"name", json_quoted(who_.account)}, {"password", json_quoted(kSecret)}}, std::move(answer));
}

void Script::log_out_or_in(Said& said) {
  if (who_.account.empty() || who_.resumes ||
      std::ranges::find(common_.addressees, who_.account) != common_.addressees.end())
    return ping(said);
  if (!logged_in_) {
    if (common_.passwords.take()) log_in(said);
    return;
  }
  logged_in_ = false;
  ask(said, "/logout", "logout", {}, plain(json() ? re("logout") + "}" : "OK logged out"));
}

void Script::register_another(Said& said) {
  if (!common_.passwords.take()) return;
  const std::string name = "n" + std::to_string(who_.number) + "-" + std::to_string(registered_++);
  ask(said, "/register " + name + " " + kSecret, "register",
      {{"name", json_quoted(name)}, {"password", json_quoted(kSecret)}},
      plain(json() ? re("register") + ",\"name\":" + json_quoted(name) + "}" : "OK registered " + name));
}

void Script::join(Said& said, const std::string& room, const std::string& members) {
  ask(said, "/join " + room, "join", {{"room", json_quoted(room)}},
      plain(json() ? re("join") + ",\"room\":" + json_quoted(room) + ",\"members\":" + members + "}"
                   : "OK joined " + room + ", " + members + " members"));
}

void Script::leave_room(Said& said, const std::string& room, const std::string& members) {
  ask(said, "/leave " + room, "leave", {{"room", json_quoted(room)}},
      plain(json() ? re("leave") + ",\"room\":" + json_quoted(room) + ",\"members\":" + members + "}"
                   : "OK left " + room + ", " + members + " members"));
}

void Script::post(Said& said, Place place) {
  const std::uint64_t number = common_.book.post(who_.number, place, !logged_in_);
  const std::string text = Book::text_of(who_.number, number);
  const std::string& name = common_.book.name_of(place);
  const char* const op = place == kEverybody ? "broadcast" : name.starts_with('@') ? "msg" : "say";
  Answer answer = plain(json() ? re(op) + ",\"seq\":" + kDigits + ",\"epoch\":" + json_quoted(common_.epoch) +
                                     ",\"time\":\"" + kTime + "\"}"
                               : "OK " + kDigits);
  answer.meaning = Meaning::Posted;
  answer.post = number;
  if (place == kEverybody)
    ask(said, "/b " + text, op, {{"text", json_quoted(text)}}, std::move(answer));
  else if (name.starts_with('@'))
    ask(said, "/msg " + name.substr(1) + " " + text, op,
        {{"to", json_quoted(name.substr(1))}, {"text", json_quoted(text)}}, std::move(answer));
  else
    ask(said, "/say " + name + " " + text, op, {{"room", json_quoted(name)}, {"text", json_quoted(text)}},
        std::move(answer));
}

// A room of its own: how many are in it is known exactly, and whether one may speak there.
void Script::own_room(Said& said) {
  // Who is told of his own coming, or is given again what he said there, does not come.
  if (who_.watches || who_.resumes) return ping(said);
  if (!in_own_room_) {
    if (below(5) == 0)
      return ask(said, "/say " + own_room_ + " nobody hears", "say",
                 {{"room", json_quoted(own_room_)}, {"text", "\"nobody hears\""}},
                 plain(refused("say", "no-such-room")));
    in_own_room_ = true;
    return join(said, own_room_, "1");
  }
  if (below(3) == 0) {
    in_own_room_ = false;
    return leave_room(said, own_room_, "0");
  }
  post(said, common_.book.place(own_room_));
}

// Out of the old room and in again, so that all of it has been missed.
void Script::resume(Said& said) {
  if (has_resumed_) leave_room(said, common_.old_room, kDigits);
  join(said, common_.old_room, kDigits);
  has_resumed_ = true;
  Answer answer =
      plain(re("resume") + ",\"recovered\":true,\"missed\":" + std::to_string(common_.old_events->size()) + "}");
  answer.more = common_.old_events;
  answer.uninterrupted = true;
  ask(said, "", "resume", {{"epoch", json_quoted(common_.epoch)}, {"seq", std::to_string(common_.old_begin)}},
      std::move(answer));
}

void Script::enter(Said& said) {
  if (who_.account.empty()) return echo(said);
  ask(said, "/register " + who_.account + " " + kSecret, "register",
      {{"name", json_quoted(who_.account)}, {"password", json_quoted(kSecret)}},
      plain(json() ? re("register") + ",\"name\":" + json_quoted(who_.account) + "}"
                   : "OK registered " + who_.account));
  log_in(said);
  leave_room(said, "#lobby", kDigits);
  for (const Place room : who_.rooms) join(said, common_.book.name_of(room), kDigits);
}

void Script::settle(Said& said) {
  if (who_.resumes) resume(said);
  // The others' joins are answered, but this one's worker may not have read them yet: after a ping it has, and from
  // then on nobody joins.
  if (who_.watches) ping(said);
  if (who_.watches)
    ask(said, "/presence on", "presence", {{"on", "true"}},
        plain(json() ? re("presence") + ",\"on\":true}" : "OK presence on"));
}

void Script::say_something(Said& said) {
  const std::uint64_t kind = below(1000);
  if (kind < 560) return echo(said);
  if (kind < 620) return ping(said);
  if (kind < 680) return count(said);
  if (kind < 705) return help(said);
  if (kind < 730) return list(said);
  if (kind < 745) return history(said);
  if (kind < 755) return nonsense(said);
  if (who_.account.empty()) return echo(said);
  if (kind < 765) return log_out_or_in(said);
  if (kind < 768) return register_another(said);
  if (kind < 772 && who_.resumes) return resume(said);
  if (who_.only_answers || !common_.posts.take()) return echo(said);
  if (kind < 850) return own_room(said);
  if (kind < 880 && !common_.addressees.empty())
    return post(said, common_.book.place("@" + common_.addressees[below(common_.addressees.size())]));
  if (kind < 885 && common_.broadcasts) return post(said, kEverybody);
  if (who_.rooms.empty()) return echo(said);
  post(said, who_.rooms[below(who_.rooms.size())]);
}

void Script::barrier(Said& said) {
  if (who_.watches)  // from now on people do leave
    ask(said, "/presence off", "presence", {{"on", "false"}},
        plain(json() ? re("presence") + ",\"on\":false}" : "OK presence off"));
  ping(said);
}

void Script::leave(Said& said) {
  ask(said, "/quit", "quit", {}, plain(json() ? re("quit") + "}" : "OK bye"));
}

}  // namespace rookery::system_test
