// client/load/scenario/conversation.h
//
// One client of an `accounts` run, step by step: what it asks next, and whether the answer is right. It has one request
// under way at a time; when the next one may go out is its Part's matter (scenario/accounts.cpp).
//
//     conversation.begin(Step::Login, request_id, out);
//     ... a line comes that is no event ...
//     switch (conversation.take(heard, line)) ...
//     conversation.begin(conversation.next(), ...);
//
// A registrar: register, register the same name again (refused), and with the first account and each eighth one more
// log in and out. A speaker: login, join, say, echo, msg, count, broadcast, say, history, ping, logout, say as a guest
// (refused where guests may not speak), leave; two of them try a wrong password first, once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/load/outcome.h"
#include "client/load/scenario/accounts_board.h"
#include "client/load/scenario/listener.h"
#include "client/load/speech.h"
#include "client/load/talk.h"

namespace rookery::load {

enum class Step : std::uint8_t {
  Probe,    // before the run: may guests speak?
  Prepare,  // before the run: the speaker's account
  WrongPassword,
  Login,
  Join,
  Say,
  Echo,
  Message,
  Count,
  Broadcast,
  SayAgain,
  History,
  Ping,
  Logout,
  SayAsGuest,
  Leave,
  Register,
  RegisterAgain,
};
[[nodiscard]] const std::string& kind_of(Step step);  // of latency: both says are "say"

enum class Answer : std::uint8_t { Right, Wrong, NotTheAnswer };

class Conversation final {
 public:
  // Everything given outlives it.
  Conversation(AccountsBoard& board, Texts& texts, Faults& faults, const LoadPlan& plan, std::uint32_t client);

  [[nodiscard]] bool is_registrar() const noexcept { return speaker_ == nullptr; }
  [[nodiscard]] bool under_way() const noexcept { return under_way_; }
  [[nodiscard]] Step step() const noexcept { return step_; }
  [[nodiscard]] Step next() noexcept;

  // Appends the request. `now` stands in its text.
  void begin(Step step, std::chrono::nanoseconds now, std::string& out);
  // A line that is no event, while something is under way or not. Text dialect: of a history the messages come first,
  // see hold_back().
  [[nodiscard]] Answer take(const Heard& heard, std::string_view line);
  // Text dialect: the messages of a history look like events. They all come right before its last line; until then
  // nobody can tell which they are. True when this line is kept for that.
  [[nodiscard]] bool hold_back(std::string_view line);
  // What of it was no history, once take() has had the answer.
  [[nodiscard]] std::vector<std::string> take_held();
  // The client is prepared: where guests may listen everybody hears every broadcast from now on.
  void hear_broadcasts() noexcept;
  // The connection is gone.
  void gone();
  // It says nothing more.
  void done() noexcept;

  [[nodiscard]] std::uint64_t client_id() const noexcept { return client_id_; }
  [[nodiscard]] std::uint64_t undecided_histories() const noexcept { return undecided_histories_; }
  [[nodiscard]] std::uint64_t histories() const noexcept { return histories_; }

  Listener listener;

 private:
  [[nodiscard]] bool is_right(const Heard& heard, std::string_view line);
  [[nodiscard]] bool is_login(std::string_view line);
  [[nodiscard]] bool is_acknowledgement(const Heard& heard);
  [[nodiscard]] bool is_history(std::string_view line);
  [[nodiscard]] Step skips_after() const noexcept { return is_registrar() ? Step::Register : Step::Join; }
  [[nodiscard]] std::string_view refusal_wanted() const;  // empty: none
  void open_ears_before(Step step);
  void open_ears_after(Step step);
  void say(std::string& out, Channel channel, std::chrono::nanoseconds now);
  [[nodiscard]] std::optional<Channel> channel() const noexcept;
  void wrong(std::string_view what, std::string_view line);

  AccountsBoard& board_;
  Texts& texts_;
  Faults& faults_;
  Speech speech_;
  Talk talk_;
  std::uint32_t client_;
  std::uint32_t speaker_number_ = 0;
  Speaker* speaker_ = nullptr;
  std::uint32_t history_limit_;
  bool guests_may_speak_ = true;

  Step step_ = Step::Probe;
  std::uint32_t skips_ = 0;  // steps to leave out once
  bool under_way_ = false;
  std::uint64_t request_ = 0;
  std::uint64_t round_ = 0;
  std::string account_;
  std::string text_;         // that an echo must bring back
  std::string last_answer_;  // text dialect: the same line again is the same answer again
  std::vector<std::string> held_;
  std::uint64_t client_id_ = 0;
  std::uint64_t last_seq_ = 0;
  std::uint64_t histories_ = 0;
  std::uint64_t undecided_histories_ = 0;
};

}  // namespace rookery::load
