#include "tests/fault/takeover/book.h"

#include <algorithm>
#include <charconv>

#include "tests/fault/takeover/filler.h"

namespace rookery::system_test {
namespace {

constexpr std::size_t kMostProblems = 20;
constexpr std::uint64_t kNothing = ~std::uint64_t{0};

// "S:N" and what follows.
bool read_tag(std::string_view text, Book::Heard& heard) {
  const char* const end = text.data() + text.size();
  const auto sender = std::from_chars(text.data(), end, heard.sender);
  if (sender.ec != std::errc{} || sender.ptr == end || *sender.ptr != ':') return false;
  return std::from_chars(sender.ptr + 1, end, heard.number).ec == std::errc{};
}

std::string short_form(std::string_view line) {
  constexpr std::size_t kShown = 160;
  return std::string(line.substr(0, kShown)) + (line.size() > kShown ? " …" : "");
}

}  // namespace

void Verdict::problem(std::uint64_t& kind, std::string words) {
  ++kind;
  if (problems.size() < kMostProblems) problems.push_back(std::move(words));
}

Place Book::place(const std::string& name) {
  if (name == places_[kEverybody]) return kEverybody;
  const auto [found, is_new] = place_of_.try_emplace(name, static_cast<Place>(places_.size()));
  if (is_new) places_.push_back(name);
  return found->second;
}

std::uint32_t Book::add_sender(std::string account) {
  senders_.push_back({std::move(account), 0, false, {}});
  return static_cast<std::uint32_t>(senders_.size() - 1);
}

std::uint64_t Book::post(std::uint32_t sender, Place place, bool as_guest) {
  senders_[sender].posts.push_back({place, as_guest, 0});
  return senders_[sender].posts.size() - 1;
}

std::string Book::text_of(std::uint32_t sender, std::uint64_t number) {
  return std::to_string(sender) + ":" + std::to_string(number) + " " + filler(sender, number);
}

void Book::same_for_all(std::uint64_t seq, std::string_view time, std::uint32_t sender, std::uint64_t number,
                        Verdict& verdict) {
  const auto [found, is_new] = told_.try_emplace(seq, Told{std::string(time), sender, number});
  const Told& told = found->second;
  if (is_new || (told.time == time && told.sender == sender && told.number == number)) return;
  verdict.problem(verdict.wrong_lines, "seq " + std::to_string(seq) + " is " + std::to_string(told.sender) + ":" +
                                           std::to_string(told.number) + " of " + told.time + " for one and " +
                                           std::to_string(sender) + ":" + std::to_string(number) + " of " +
                                           std::string(time) + " for another");
}

void Book::acknowledge(std::uint32_t sender, std::uint64_t number, std::uint64_t seq, std::string_view time,
                       Verdict& verdict) {
  senders_[sender].posts.at(number).seq = seq;
  if (!time.empty()) same_for_all(seq, time, sender, number, verdict);
}

std::string Book::event_line(std::uint32_t sender, std::uint64_t number, Tongue tongue) const {
  const Sender& from = senders_[sender];
  const Post& post = from.posts.at(number);
  const std::string& place = places_[post.place];
  const bool direct = place.starts_with('@');
  const std::string id = std::to_string(from.client_id);
  const std::string name = post.as_guest ? "guest" + id : from.account;
  const std::string text = text_of(sender, number);
  if (tongue == Tongue::Text) return "[" + (direct ? "@" : place) + "] " + name + "(" + id + "): " + text;
  return R"({"event":"message","seq":)" + kDigits + R"(,"epoch":")" + epoch_ + R"(","time":")" + kTime + R"(",")" +
         (direct ? "to\":\"" + place.substr(1) : "room\":\"" + place) + R"(","from":{"client":)" + id + R"(,"name":")" +
         name + R"("},"text":")" + in_json(text) + "\"}";
}

bool Book::read_event(std::string_view line, Tongue tongue, Heard& heard, Verdict& verdict) {
  const std::string_view before = tongue == Tongue::Text ? "): " : R"(,"text":")";
  const std::size_t at = line.find(before);
  const bool has_tag = at != std::string_view::npos && read_tag(line.substr(at + before.size()), heard);
  if (!has_tag || heard.sender >= senders_.size() || heard.number >= senders_[heard.sender].posts.size()) {
    verdict.problem(verdict.wrong_lines, "nobody has said: " + short_form(line));
    return false;
  }
  Captured captured;
  if (!fits(event_line(heard.sender, heard.number, tongue), line, captured)) {
    verdict.problem(verdict.wrong_lines, "said otherwise: " + short_form(line));
    return false;
  }
  if (tongue == Tongue::Text) return true;
  const std::uint64_t wrong = verdict.wrong_lines;
  same_for_all(captured.numbers[0], captured.time, heard.sender, heard.number, verdict);
  return verdict.wrong_lines == wrong;
}

std::map<std::uint64_t, Book::Entry> Book::acknowledged() const {
  std::map<std::uint64_t, Entry> all;
  for (std::uint32_t sender = 0; sender < senders_.size(); ++sender)
    for (std::uint64_t number = 0; number < senders_[sender].posts.size(); ++number) {
      const Post& post = senders_[sender].posts[number];
      if (post.seq != 0) all[post.seq] = {places_[post.place], text_of(sender, number)};
    }
  return all;
}

void Listener::listen(Place place) {
  if (listens_.size() <= place) listens_.resize(place + 1);
  listens_[place] = true;
}

std::uint64_t Listener::next_audible(std::uint32_t sender, std::uint64_t from) const {
  const auto& posts = book_.senders_[sender].posts;
  for (; from < posts.size(); ++from)
    if (hears(posts[from].place)) return from;
  return kNothing;
}

void Listener::hear(const Book::Heard& heard, std::string_view who, Verdict& verdict) {
  ++events_;
  if (next_.size() < book_.senders()) {
    next_.resize(book_.senders());
    begun_.resize(book_.senders(), from_the_start_);
  }
  const auto tag = [&](std::uint64_t number) { return std::to_string(heard.sender) + ":" + std::to_string(number); };
  if (!hears(book_.senders_[heard.sender].posts[heard.number].place))
    verdict.problem(verdict.wrong_lines, std::string(who) + " hears what is not for it: " + tag(heard.number));
  std::uint64_t& next = next_[heard.sender];
  if (begun_[heard.sender]) {
    const std::uint64_t expected = next_audible(heard.sender, next);
    if (heard.number < next)
      verdict.problem(verdict.doubled, std::string(who) + " hears again: " + tag(heard.number));
    else if (expected < heard.number)
      verdict.problem(verdict.lost, std::string(who) + " hears " + tag(heard.number) + " before " + tag(expected));
  }
  begun_[heard.sender] = true;
  next = std::max(next, heard.number + 1);
  steps_.push_back({heard.sender, false, heard.number});
}

void Listener::acknowledged(std::uint32_t self, std::uint64_t number, std::string_view who, Verdict& verdict) {
  const bool own_is_heard = hears(book_.senders_[self].posts[number].place);
  if (own_is_heard && (next_.size() <= self || next_[self] <= number))
    verdict.problem(verdict.out_of_order, std::string(who) + " was answered before its own event came: " +
                                              std::to_string(self) + ":" + std::to_string(number));
  steps_.push_back({self, true, number});
}

void Listener::judge(std::string_view who, Verdict& verdict) const {
  std::uint64_t newest_event = 0, newest_answer = 0;
  for (const Step& step : steps_) {
    const std::uint64_t seq = book_.senders_[step.sender].posts[step.number].seq;
    if (seq == 0) continue;  // of a sender that was cut off
    const std::string tag = std::to_string(step.sender) + ":" + std::to_string(step.number);
    if (seq <= (step.is_acknowledgement ? newest_answer : std::max(newest_event, newest_answer)))
      verdict.problem(verdict.out_of_order, std::string(who) + (step.is_acknowledgement ? " is answered " : " hears ") +
                                                tag + ", seq " + std::to_string(seq) + ", behind seq " +
                                                std::to_string(std::max(newest_event, newest_answer)));
    (step.is_acknowledgement ? newest_answer : newest_event) = seq;
  }
  if (!from_the_start_) return;
  for (std::uint32_t sender = 0; sender < book_.senders(); ++sender) {
    if (book_.senders_[sender].gone) continue;
    const std::uint64_t missing = next_audible(sender, sender < next_.size() ? next_[sender] : 0);
    if (missing != kNothing)
      verdict.problem(verdict.lost, std::string(who) + " has never heard " + std::to_string(sender) + ":" +
                                        std::to_string(missing) + " and what follows");
  }
}

}  // namespace rookery::system_test
