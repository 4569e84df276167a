// client/load/scenario/conversation_answers.cpp
//
// Whether the answer to each step of a Conversation is right.
#include <fmt/format.h>

#include <utility>

#include "client/load/scenario/conversation.h"

namespace rookery::load {

bool Conversation::is_right(const Heard& heard, std::string_view line) {
  switch (step_) {
    case Step::Probe:
    case Step::WrongPassword:
    case Step::RegisterAgain:
      return false;
    case Step::Prepare:
    case Step::Register:
      return talk_.registered(line) == account_;
    case Step::Login:
      return is_login(line);
    case Step::Join:
      return talk_.joined(line, board_.room_of(speaker_number_));
    case Step::Leave:
      return talk_.left(line, board_.room_of(speaker_number_));
    case Step::Say:
    case Step::SayAgain:
    case Step::SayAsGuest:
    case Step::Message:
    case Step::Broadcast:
      return is_acknowledgement(heard);
    case Step::Echo:
      return heard.said == Said::Echo && heard.text == text_;
    case Step::Count: {
      const std::uint64_t times = (round_ - 1) % 5 + 1;
      return talk_.counted(line) ==
             Counted{.words = 5 * times, .characters = 22 * times - 1, .vowels = 6 * times, .odd_words = 3 * times};
    }
    case Step::History:
      return is_history(line);
    case Step::Ping:
      return heard.said == Said::Pong;
    case Step::Logout:
      return talk_.logged_out(line);
  }
  return false;
}

bool Conversation::is_login(std::string_view line) {
  const auto answer = talk_.logged_in(line);
  if (!answer || answer->name != account_ || answer->client == 0) return false;
  if (client_id_ != 0) return client_id_ == answer->client;
  client_id_ = answer->client;
  if (!is_registrar()) speaker_->client_id.store(client_id_, std::memory_order_release);
  return true;
}

bool Conversation::is_acknowledgement(const Heard& heard) {
  if (heard.said != Said::Accepted) return false;
  if (heard.seq <= last_seq_) {
    ++faults_.out_of_order;
    faults_.example(
        fmt::format("client {}: {} was acknowledged as {} after {}", client_, kind_of(step_), heard.seq, last_seq_));
  }
  last_seq_ = heard.seq;
  return true;
}

bool Conversation::is_history(std::string_view line) {
  std::vector<HistoryItem> items;
  if (speech_.json()) {
    auto answer = talk_.history_answer(line);
    if (!answer) return false;
    items = std::move(*answer);
  } else {
    const auto count = talk_.history_end(line);
    if (!count || *count > held_.size()) return false;
    const auto first = held_.end() - static_cast<std::ptrdiff_t>(*count);
    for (auto item = first; item != held_.end(); ++item) {
      const Heard message = speech_.understand(*item);
      items.push_back({.room = std::string(message.room),
                       .text = std::string(message.text),
                       .sender = std::string(message.sender),
                       .client = message.client,
                       .seq = 0});
    }
    held_.erase(first, held_.end());
  }
  ++histories_;
  const std::uint64_t said = speaker_->stream(Channel::Room).acked.load(std::memory_order_relaxed);
  if (said > 0 && !listener.check_history(items, history_limit_, said - 1)) ++undecided_histories_;
  return items.size() <= history_limit_;
}

}  // namespace rookery::load
