#include "client/load/scenario/listeners.h"

#include <fmt/format.h>

#include <algorithm>

namespace rookery::load {

Listeners::Listeners(Stage& stage, FanoutBoard& board, const Texts& texts, std::size_t count)
    : stage_(stage), board_(board), texts_(texts), listeners_(count), sequences_(count * board.senders.size()) {
  if (board.window == 0) return;
  credited_.resize(sequences_.size());
  credits_.resize(board.senders.size() * board.window);
}

void Listeners::hear(std::size_t place, std::uint32_t client, const Heard& message) {
  Listener& listener = listeners_[place];
  listener.number = client;
  const auto head = Texts::head_of(message.text);
  if (!head || head->client >= board_.senders.size())
    return wrong(listener, "is none of this run's messages", message.text);
  if (!texts_.is_whole(message.text, *head)) wrong(listener, "is not what was said", message.text);
  if (head->number >= board_.senders[head->client].sent.load(std::memory_order_acquire))
    return wrong(listener, "was never said", message.text);

  Faults& faults = stage_.tally().faults;
  if (message.seq != 0 && message.seq <= listener.last_seq && !listener.flawed) {
    ++faults.out_of_order;
    listener.flawed = true;
    faults.example(fmt::format("reader {}: seq {} came after {}", client, message.seq, listener.last_seq));
  }
  listener.last_seq = message.seq;

  Sequence& sequence = this->sequence(place, head->client);
  const std::uint64_t expected = sequence.next();
  if (head->number != expected) {
    listener.flawed = true;
    faults.example(fmt::format("reader {}: message {} of sender {} came when {} was expected", client, head->number,
                               head->client, expected));
  }
  if (!sequence.take(head->number, faults)) return;
  ++listener.heard;
  listener.order = listener.order * 0x9e3779b97f4a7c15U + (std::uint64_t{head->client} << 40) + head->number + 1;
  stage_.tally().operation(head->moment, stage_.now());
  credit(place, head->client, sequence.next());
}

void Listeners::told_of_missed(std::size_t place, std::uint32_t client, std::uint64_t count) {
  Listener& listener = listeners_[place];
  listener.number = client;
  listener.announced += count;
  listener.flawed = true;
  stage_.tally().faults.example(fmt::format("reader {}: the server says that it missed {} messages", client, count));
  credit_all(place);
}

void Listeners::gone(std::size_t place) {
  listeners_[place].flawed = true;
  board_.readers.fetch_sub(1, std::memory_order_acq_rel);
  credit_all(place);
}

void Listeners::credit(std::size_t place, std::size_t sender, std::uint64_t up_to) {
  if (board_.window == 0) return;
  std::uint64_t& credited = credited_[place * board_.senders.size() + sender];
  for (; credited < up_to; ++credited) {
    const std::size_t where = sender * board_.window + credited % board_.window;
    if (credits_[where]++ == 0) touched_.push_back(static_cast<std::uint32_t>(where));
  }
}

// What this reader will perhaps never get must not keep a window closed.
void Listeners::credit_all(std::size_t place) {
  for (std::size_t sender = 0; sender < board_.senders.size(); ++sender)
    credit(place, sender, board_.senders[sender].sent.load(std::memory_order_acquire));
}

bool Listeners::publish() noexcept {
  if (board_.window == 0) return false;
  const std::uint32_t readers = board_.readers.load(std::memory_order_acquire);
  bool complete = false;
  for (const std::uint32_t where : touched_) {
    auto& delivered = board_.senders[where / board_.window].delivered[where % board_.window];
    complete |= delivered.fetch_add(credits_[where], std::memory_order_acq_rel) + credits_[where] >= readers;
    credits_[where] = 0;
  }
  touched_.clear();
  return complete;
}

bool Listeners::has_all(std::size_t place) const noexcept {
  for (std::size_t sender = 0; sender < board_.senders.size(); ++sender) {
    const SenderBoard& board = board_.senders[sender];
    if (!board.done.load(std::memory_order_acquire)) return false;
    if (sequence(place, sender).next() < board.expected_end.load(std::memory_order_relaxed)) return false;
  }
  return true;
}

void Listeners::count_lost(Faults& faults) const {
  for (std::size_t place = 0; place < listeners_.size(); ++place) {
    std::uint64_t lost = 0;
    for (std::size_t sender = 0; sender < board_.senders.size(); ++sender) {
      const SenderBoard& board = board_.senders[sender];
      const auto never_said = static_cast<std::uint64_t>(std::count_if(
          board.refused.begin(), board.refused.end(),
          [&](std::uint64_t number) { return sequence(place, sender).lacks(number, board.expected_end); }));
      lost += sequence(place, sender).lost(board.expected_end) - never_said;
    }
    const Listener& listener = listeners_[place];
    lost = std::max(lost, listener.announced);
    faults.lost += lost;
    if (lost > 0) faults.example(fmt::format("reader {} lost {} messages", listener.number, lost));
  }
}

void Listeners::add_orders(Orders& orders) const {
  for (const Listener& listener : listeners_)
    if (!listener.flawed) ++orders[listener.heard][listener.order];
}

void Listeners::wrong(Listener& listener, std::string_view what, std::string_view bytes) {
  Faults& faults = stage_.tally().faults;
  ++faults.wrong_bytes;
  listener.flawed = true;
  faults.example(fmt::format("reader {}: {}: \"{}\"", listener.number, what, bytes.substr(0, 60)));
}

}  // namespace rookery::load
