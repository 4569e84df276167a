#include "client/load/scenario/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace rookery::load {
namespace {

// Besides its text, of a message in a history's answer.
constexpr std::size_t kAroundMessage = 256;
// All of such an answer is one line in JSON lines, and the engine takes 128 KiB.
constexpr std::size_t kMostHistoryBytes = std::size_t{100} << 10;
constexpr std::uint32_t kMostHistory = 50;
constexpr std::uint64_t kLoginEvery = 8;
// More from one address, and the server would take its time with all logins from there.
constexpr std::uint32_t kWrongPasswords = 2;

// Open loop: in its first round each client leaves out another number of steps, or they would all log in at once,
// converse at once and log out at once for ever. From join to ping this many can go.
constexpr std::uint32_t kMostSkips = 7;

// Five words, 21 characters, 6 vowels, three words with an odd number of letters.
constexpr std::string_view kCounted = "Roses grow by the sea";

std::string counted_text(std::uint64_t times) {
  std::string text(kCounted);
  for (std::uint64_t i = 1; i < times; ++i) text.append(" ").append(kCounted);
  return text;
}

std::string in_capitals(std::string name) {
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return name;
}

}  // namespace

const std::string& kind_of(Step step) {
  static const std::array<std::string, 18> kKinds{
      "history",   "register", "wrong-password", "login", "join",   "say",       "echo",  "msg",      "count",
      "broadcast", "say",      "history",        "ping",  "logout", "guest-say", "leave", "register", "name-taken"};
  return kKinds[static_cast<std::size_t>(step)];
}

Conversation::Conversation(AccountsBoard& board, Texts& texts, Faults& faults, const LoadPlan& plan,
                           std::uint32_t client)
    : listener(board, texts, faults, client),
      board_(board),
      texts_(texts),
      faults_(faults),
      speech_(plan.dialect),
      talk_(plan.dialect),
      client_(client),
      history_limit_(static_cast<std::uint32_t>(
          std::min<std::size_t>(kMostHistory, kMostHistoryBytes / (plan.message_bytes + kAroundMessage)))) {
  const bool is_speaker = client >= board.registrars();
  if (plan.open_loop()) skips_ = client % (is_speaker ? kMostSkips + 1 : 2);
  if (!is_speaker) return;
  speaker_number_ = client - board.registrars();
  speaker_ = &board.speaker(speaker_number_);
  account_ = speaker_->account;
}

Step Conversation::next() noexcept {
  const std::uint32_t skipped = step_ == skips_after() ? std::exchange(skips_, 0) : 0;
  if (is_registrar()) {
    if (skipped > 0) return Step::Register;
    const bool logs_in = round_ % kLoginEvery == 1;  // round_ counts from 1
    if (step_ == Step::RegisterAgain && logs_in) return Step::Login;
    if (step_ == Step::Login) return Step::Logout;
    return step_ == Step::Register ? Step::RegisterAgain : Step::Register;
  }
  switch (step_) {
    case Step::Probe:
    case Step::Prepare:
      return speaker_number_ < kWrongPasswords ? Step::WrongPassword : Step::Login;
    case Step::SayAsGuest:  // the logout has left the room where guests may be in none
      return guests_may_speak_ ? Step::Leave : Step::Login;
    case Step::Leave:
    case Step::Register:
    case Step::RegisterAgain:
      return Step::Login;
    case Step::WrongPassword:
    case Step::Login:
    case Step::Join:
    case Step::Say:
    case Step::Echo:
    case Step::Message:
    case Step::Count:
    case Step::Broadcast:
    case Step::SayAgain:
    case Step::History:
    case Step::Ping:
    case Step::Logout:
      break;
  }
  return static_cast<Step>(static_cast<std::uint32_t>(step_) + 1 + skipped);
}

void Conversation::begin(Step step, std::chrono::nanoseconds now, std::string& out) {
  step_ = step;
  under_way_ = true;
  ++request_;
  guests_may_speak_ = board_.guests_may_speak.load(std::memory_order_acquire);
  open_ears_before(step);
  switch (step) {
    case Step::Probe:
      return talk_.history(out, request_, "#lobby", 1);
    case Step::Register:
      account_ = board_.new_account(client_, round_++);
      [[fallthrough]];
    case Step::Prepare:
      return speech_.register_account(out, request_, account_, AccountsBoard::password_of(account_));
    case Step::RegisterAgain:
      return speech_.register_account(out, request_, in_capitals(account_), AccountsBoard::password_of(account_));
    case Step::WrongPassword:
      return speech_.login(out, request_, account_, "not-" + AccountsBoard::password_of(account_));
    case Step::Login:
      return speech_.login(out, request_, account_, AccountsBoard::password_of(account_));
    case Step::Join:
      return speech_.join(out, request_, board_.room_of(speaker_number_));
    case Step::Leave:
      return speech_.leave(out, request_, board_.room_of(speaker_number_));
    case Step::Say:
    case Step::SayAgain:
      return say(out, Channel::Room, now);
    case Step::SayAsGuest:
      return say(out, Channel::GuestInRoom, now);
    case Step::Message:
      return say(out, Channel::Direct, now);
    case Step::Broadcast:
      return say(out, Channel::Broadcast, now);
    case Step::Echo:
      text_ = texts_.make({.client = client_, .number = request_, .moment = now});
      return speech_.echo(out, request_, text_);
    case Step::Count:
      return talk_.count(out, request_, counted_text(round_++ % 5 + 1));
    case Step::History:
      return talk_.history(out, request_, board_.room_of(speaker_number_), history_limit_);
    case Step::Ping:
      return speech_.ping(out, request_);
    case Step::Logout:
      return speech_.logout(out, request_);
  }
}

void Conversation::say(std::string& out, Channel channel, std::chrono::nanoseconds now) {
  Stream& stream = speaker_->stream(channel);
  const std::uint64_t number = stream.acked.load(std::memory_order_relaxed);
  stream.sent.store(number + 1, std::memory_order_release);
  const std::string_view text =
      texts_.make({.client = AccountsBoard::mark(speaker_number_, channel), .number = number, .moment = now});
  if (channel == Channel::Broadcast) return talk_.broadcast(out, request_, text);
  if (channel == Channel::Direct)
    return talk_.message(out, request_, board_.speaker(board_.partner_of(speaker_number_)).account, text);
  speech_.say(out, request_, board_.room_of(speaker_number_), text);
}

std::optional<Channel> Conversation::channel() const noexcept {
  if (step_ == Step::Say || step_ == Step::SayAgain) return Channel::Room;
  if (step_ == Step::SayAsGuest) return Channel::GuestInRoom;
  if (step_ == Step::Message) return Channel::Direct;
  if (step_ == Step::Broadcast) return Channel::Broadcast;
  return std::nullopt;
}

void Conversation::open_ears_before(Step step) {
  if (step == Step::Login) {
    listener.letters.set_ajar();
    listener.broadcasts.set_ajar();
  } else if (step == Step::Join) {
    listener.at_table.set_ajar();
  } else if (step == Step::Ping) {
    listener.letters.promise();
    listener.broadcasts.promise();
    listener.at_table.promise();
  }
}

// After the right answer.
void Conversation::open_ears_after(Step step) {
  if (step == Step::Login && !is_registrar()) {
    listener.letters.open();
    if (!guests_may_speak_) listener.broadcasts.open();
  } else if (step == Step::Join) {
    listener.at_table.open();
  } else if (step == Step::Ping) {
    listener.letters.collect();
    listener.broadcasts.collect(guests_may_speak_);
    listener.at_table.collect();
  } else if (step == Step::Logout) {
    listener.letters.shut();
    if (!guests_may_speak_) {
      listener.broadcasts.shut();
      listener.at_table.shut();
    }
  } else if (step == Step::Leave) {
    listener.at_table.shut();
  }
}

bool Conversation::hold_back(std::string_view line) {
  if (speech_.json() || !under_way_ || (step_ != Step::History && step_ != Step::Probe)) return false;
  held_.emplace_back(line);
  return true;
}

std::string_view Conversation::refusal_wanted() const {
  if (step_ == Step::WrongPassword) return "bad-credentials";
  if (step_ == Step::RegisterAgain) return "name-taken";
  if (step_ == Step::SayAsGuest && !guests_may_speak_) return "not-logged-in";
  return {};
}

Answer Conversation::take(const Heard& heard, std::string_view line) {
  const bool stray = speech_.json() ? heard.id < request_ || !under_way_ : !under_way_;
  if (stray) {
    ++faults_.doubled;
    faults_.example(fmt::format("client {}: an answer that nobody waits for: \"{}\"", client_, line.substr(0, 80)));
    return Answer::NotTheAnswer;
  }
  if (step_ == Step::Probe) {
    under_way_ = false;
    held_.clear();
    if (heard.said == Said::Refused && heard.code == "not-logged-in") board_.guests_may_speak = false;
    return Answer::Right;
  }
  const std::string_view refusal = refusal_wanted();
  const bool right = heard.said == Said::Refused ? !refusal.empty() && heard.code == refusal
                                                 : refusal.empty() && is_right(heard, line);
  if (!right && !speech_.json() && line == last_answer_) {
    ++faults_.doubled;
    faults_.example(fmt::format("client {} was answered twice: \"{}\"", client_, line.substr(0, 80)));
    return Answer::NotTheAnswer;
  }
  under_way_ = false;
  if (!speech_.json()) last_answer_ = line;
  if (const auto said = channel()) {
    // What was refused reached nobody: its number is the next one's.
    Stream& stream = speaker_->stream(*said);
    if (heard.said == Said::Refused)
      stream.sent.store(stream.acked.load(std::memory_order_relaxed), std::memory_order_release);
    else
      stream.acked.store(stream.sent.load(std::memory_order_relaxed), std::memory_order_release);
  }
  if (right) {
    open_ears_after(step_);
    return Answer::Right;
  }
  if (heard.said == Said::Refused) {
    ++faults_.refused[std::string(heard.code)];
    faults_.example(fmt::format("client {}: {} was refused: {} {}", client_, kind_of(step_), heard.code, heard.text));
  } else if (step_ == Step::RegisterAgain) {
    ++faults_.doubled;
    faults_.example(fmt::format("client {}: the name {} was given twice", client_, account_));
  } else {
    wrong(fmt::format("not the answer to {}", kind_of(step_)), line);
  }
  return Answer::Wrong;
}

std::vector<std::string> Conversation::take_held() {
  return std::exchange(held_, {});
}

void Conversation::hear_broadcasts() noexcept {
  if (board_.guests_may_speak.load(std::memory_order_acquire)) listener.broadcasts.open();
}

void Conversation::gone() {
  under_way_ = false;
  held_.clear();
  listener.gone();
  done();
}

void Conversation::done() noexcept {
  if (!is_registrar()) speaker_->done.store(true, std::memory_order_release);
}

void Conversation::wrong(std::string_view what, std::string_view line) {
  ++faults_.wrong_bytes;
  faults_.example(fmt::format("client {}: {}: \"{}\"", client_, what, line.substr(0, 80)));
}

}  // namespace rookery::load
