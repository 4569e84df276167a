#include "tests/system/harness/poster.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds kBeforeComingBack{20};

std::int64_t now_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

std::uint64_t epoch_number(const Json& line) {
  return std::stoull(line.at("epoch").get<std::string>(), nullptr, 16);
}

// The server is about to go, or has too much to do: another try may be luckier.
bool is_passing(const std::string& code) {
  return code == "shutting-down" || code == "rate-limited" || code == "server-full" || code == "not-durable";
}

// It was refused what it needs for now, and comes back later of its own accord.
class NotNow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Something the server must not do; ends the poster's run.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace

LoadState::LoadState(std::uint16_t port_now) : port(port_now), last_answer_ms(now_ms()) {}

void LoadState::note_answer() noexcept {
  const std::int64_t now = now_ms();
  const std::int64_t pause = now - last_answer_ms.exchange(now);
  std::int64_t longest = longest_pause_ms;
  while (pause > longest && !longest_pause_ms.compare_exchange_weak(longest, pause)) {
  }
}

Poster::Poster(LoadState& state, const LoadSetup& setup, std::size_t index)
    : state_(state), setup_(setup), index_(index), name_("poster" + std::to_string(index)) {
  const std::size_t count = setup_.rooms.size();
  rooms_.push_back(setup_.rooms[index % count]);
  if (count > 1) rooms_.push_back(setup_.rooms[(index + 1) % count]);
  if (!setup_.reconnect) enter();  // where it should work at once, a failure is the test's
}

std::string Poster::place_of(std::uint64_t number) const {
  const auto is_last_of = [number](std::uint64_t every) { return every != 0 && number % every == every - 1; };
  if (is_last_of(setup_.broadcast_every)) return "*";
  if (is_last_of(setup_.direct_every) && setup_.with_account > 0)
    return "@poster" + std::to_string((index_ + number) % setup_.with_account);
  return rooms_[number % rooms_.size()];
}

std::uint32_t Poster::connection_of(std::uint64_t number) const noexcept {
  return static_cast<std::uint32_t>(std::ranges::upper_bound(starts_, number) - starts_.begin()) - 1;
}

void Poster::run() {
  while (!state_.stop || (client_ && answered_ < next_)) {
    try {
      if (!client_) enter();
      if (client_) talk();
    } catch (const NotNow&) {
      client_.reset();
    } catch (const Closed&) {
      if (was_answered_) ++cut_off_;
      client_.reset();
    } catch (const std::system_error&) {  // no connection
      client_.reset();
    } catch (const std::exception& error) {
      trouble_ = error.what();
      client_.reset();
      return;
    }
    if (client_) continue;
    answered_ = next_;  // nobody will answer what was under way
    if (!setup_.reconnect) {
      closed_ = true;
      return;
    }
    if (stands_still()) {
      trouble_ = "could not come back in time";
      return;
    }
    std::this_thread::sleep_for(kBeforeComingBack);
  }
}

bool Poster::stands_still() {
  if (state_.port == 0) last_step_ = Clock::now();
  return Clock::now() - last_step_ > setup_.patience;
}

void Poster::enter() {
  const std::uint16_t port = state_.port;
  if (port == 0) return;
  was_answered_ = false;
  torn_.clear();
  client_ = std::make_unique<JsonClient>(port);
  if (client_->local_port() == port) throw NotNow("connected to itself: nobody listens");
  starts_.push_back(next_);
  if (has_account()) register_and_log_in();
  for (const std::string& room : rooms_) {
    const Json joined = ask({{"op", "join"}, {"room", room}});
    if (joined["ok"] == true) continue;
    if (setup_.reconnect && is_passing(joined["error"])) throw NotNow("no room");
    throw std::runtime_error("cannot join: " + joined.dump());
  }
  last_step_ = Clock::now();
}

// The name is this poster's alone, so "taken" means that an earlier registration's answer was lost on the way.
void Poster::register_and_log_in() {
  if (!account_is_certain_) {
    const Json reply = ask({{"op", "register"}, {"name", name_}, {"password", kPassword}});
    if (reply["ok"] != true && reply["error"] != "name-taken") throw NotNow(reply.dump());
    account_is_certain_ = true;
  }
  const Json reply = ask({{"op", "login"}, {"name", name_}, {"password", kPassword}});
  if (reply["ok"] == true) return;
  if (is_passing(reply["error"])) throw NotNow("no login");
  throw Broken(name_ + " has an account and cannot log in: " + reply.dump());
}

Json Poster::ask(Json request) {
  const std::string id = "enter";
  request["id"] = id;
  client_->send_json(request);
  for (;;) {
    Json line = parsed(next_line());
    if (line.is_discarded()) continue;
    if (line.contains("re")) return line;
    take_event(line);
  }
}

std::string Poster::next_line() {
  auto line = client_->read_line_within(setup_.patience);
  if (!line) throw TimedOut(name_ + " got no answer");
  client_->forget_lines();
  was_answered_ = true;
  return *std::move(line);
}

void Poster::talk() {
  while (!state_.stop || answered_ < next_) {
    const auto now = Clock::now();
    while (!state_.stop && next_ - answered_ < setup_.under_way && next_post_ <= now) post();
    const bool may_post_soon = !state_.stop && next_ - answered_ < setup_.under_way;
    const auto until_next = std::chrono::ceil<std::chrono::milliseconds>(next_post_ - now);
    const auto line = client_->read_line_within(may_post_soon ? until_next : setup_.patience);
    client_->forget_lines();
    if (line) {
      take(*line);
      last_step_ = now;
    } else if (answered_ < next_ && now - last_step_ > setup_.patience) {
      throw TimedOut(name_ + " got no answer");
    }
  }
}

void Poster::post() {
  const std::uint64_t number = next_++;  // it counts as posted even if the connection breaks in the middle
  next_post_ = Clock::now() + (state_.hurry ? std::chrono::milliseconds{0} : setup_.pace);
  const std::string place = place_of(number);
  Json request{{"op", "say"}, {"id", number}, {"room", place}, {"text", text(number)}};
  if (place == "*") request = {{"op", "broadcast"}, {"id", number}, {"text", text(number)}};
  if (place[0] == '@') request = {{"op", "msg"}, {"id", number}, {"to", place.substr(1)}, {"text", text(number)}};
  client_->send_json(request);
}

// A line may be torn if the next one is the notice that this connection cannot be carried on.
Json Poster::parsed(const std::string& text) {
  Json line = Json::parse(text, nullptr, false);
  if (!torn_.empty() && (line.is_discarded() || line.value("event", Json()) != "notice"))
    throw Broken(name_ + " got half a line: " + torn_);
  torn_.clear();
  if (line.is_discarded()) torn_ = text.empty() ? "(empty)" : text;
  return line;
}

void Poster::take(const std::string& text) {
  const Json line = parsed(text);
  if (line.is_discarded()) return;
  if (line.contains("re"))
    take_reply(line);
  else
    take_event(line);
}

void Poster::take_reply(const Json& reply) {
  ++answered_;
  const auto number = reply.at("id").get<std::uint64_t>();
  if (reply["ok"] != true) {
    ++refused_;
    if (reply["error"] != "not-durable") surely_refused_.insert(number);
    return;
  }
  const auto seq = reply.at("seq").get<std::uint64_t>();
  if (!acknowledged_.emplace(seq, text(number)).second)
    throw Broken(name_ + " got number " + std::to_string(seq) + " for two texts");
  acknowledgements_.push_back({seq, epoch_number(reply), number});
  ++acknowledged_count_;
  state_.note_answer();
}

void Poster::take_event(const Json& event) {
  const auto connection = static_cast<std::uint32_t>(starts_.size()) - 1;
  const std::string& kind = event.at("event").get_ref<const std::string&>();
  if (kind == "message") {
    const std::string place =
        event.contains("to") ? "@" + event["to"].get<std::string>() : event.at("room").get<std::string>();
    heard_.push_back({event.at("seq").get<std::uint64_t>(), epoch_number(event), connection, place, event.at("text")});
  } else if (kind == "notice") {
    told_ = true;
  } else if (kind == "missed") {
    missed_.insert(connection);
  }
}

}  // namespace rookery::system_test
