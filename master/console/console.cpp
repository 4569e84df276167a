#include "master/console/console.h"

#include <utility>

namespace rookery::master {

Console::Console(os::Poller& poller, ConsoleHost& host, int control_socket, int data_directory)
    : commands_(host, [this](Conversation who, std::string answer) { reply(who, std::move(answer)); }),
      streams_(poller,
               [this](std::string_view line) {
                 const auto answer = commands_.run(kStandardStreams, line, os::Monotonic::now());
                 if (answer) streams_.write(*answer);
                 return !answer;
               }),
      socket_(poller, control_socket, data_directory, [this](Conversation who, std::string_view line) {
        return commands_.run(who, line, os::Monotonic::now());
      }) {}

void Console::reply(Conversation conversation, std::string answer) {
  answer = commands_.as_wanted(conversation, std::move(answer));
  if (conversation == kStandardStreams)
    streams_.reply(answer);
  else
    socket_.reply(conversation, std::move(answer), os::Monotonic::now());
}

void Console::save(State& state, std::optional<Conversation> awaited) const {
  streams_.save(state, awaited == kStandardStreams, commands_.ask_again(kStandardStreams));
  socket_.save(state, awaited, [this](Conversation who) { return commands_.ask_again(who); });
  state.asked_for_json = awaited && commands_.wants_json(*awaited);
}

void Console::take_over(const State& state) {
  if (state.asked_on_console && state.asked_for_json) commands_.expect_json(state.asked_by);
  streams_.take_over(state, state.asked_on_console && state.asked_by == kStandardStreams);
  socket_.take_over(state, os::Monotonic::now());
}

void Console::on_check(TimePoint now) {
  streams_.on_check();
  socket_.on_check(now);
}

void Console::on_due(TimePoint now) {
  commands_.on_due(now);
  streams_.on_turn();
}

Console::TimePoint Console::next_due() const noexcept {
  return streams_.wants_turn() ? TimePoint::min() : commands_.next_due();
}

}  // namespace rookery::master
