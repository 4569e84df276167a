#include "client/load/scenario/listener.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace rookery::load {

Listener::Listener(const AccountsBoard& board, const Texts& texts, Faults& faults, std::uint32_t client)
    : board_(board), texts_(texts), faults_(faults), client_(client) {
  for (std::uint32_t i = 0; i < board.speakers(); ++i) broadcasts.add(board.speaker(i), Channel::Broadcast);
  if (client < board.registrars()) return;
  const std::uint32_t me = client - board.registrars();
  room_ = board.room_of(me);
  for (std::uint32_t i = board.table_begin(me); i < board.table_end(me); ++i) {
    at_table.add(board.speaker(i), Channel::Room);
    at_table.add(board.speaker(i), Channel::GuestInRoom);
  }
  letters.add(board.speaker(board.who_writes_to(me)), Channel::Direct);
}

Listener::Judged Listener::judge(std::string_view room, std::string_view text, std::string_view sender,
                                 std::uint64_t client_id, Origin& origin) {
  const bool to_all = room == "*";
  if (!to_all && room != "@" && room != room_) {
    if (!board_.is_room_of_run(room)) return Judged::Stranger;
    wrong("was said in another room", text);
    return Judged::Wrong;
  }
  const auto head = Texts::head_of(text);
  if (!head || head->client / kChannels >= board_.speakers() || !texts_.is_whole(text, *head)) {
    // Anybody may broadcast beside the run.
    const bool from_run = head && head->client / kChannels < board_.speakers() &&
                          board_.is_sender(head->client / kChannels, Channel::Broadcast, sender, client_id);
    if (to_all && !from_run) return Judged::Stranger;
    wrong("is not what was said", text);
    return Judged::Wrong;
  }
  origin = {
      .head = *head, .speaker = head->client / kChannels, .channel = static_cast<Channel>(head->client % kChannels)};
  const bool right_place = to_all        ? origin.channel == Channel::Broadcast
                           : room == "@" ? origin.channel == Channel::Direct
                                         : origin.channel == Channel::Room || origin.channel == Channel::GuestInRoom;
  if (!right_place)
    wrong(fmt::format("was said elsewhere and heard at {}", room), text);
  else if (!board_.is_sender(origin.speaker, origin.channel, sender, client_id))
    wrong(fmt::format("was not said by {}({})", sender, client_id), text);
  else if (head->number >= board_.speaker(origin.speaker).stream(origin.channel).sent.load(std::memory_order_acquire))
    wrong("was never said", text);
  else
    return Judged::Right;
  return Judged::Wrong;
}

void Listener::hear(const Heard& message) {
  Origin origin;
  if (judge(message.room, message.text, message.sender, message.client, origin) != Judged::Right) return;
  if (message.seq != 0 && message.seq <= last_seq_) {
    ++faults_.out_of_order;
    faults_.example(fmt::format("client {}: seq {} came after {}", client_, message.seq, last_seq_));
  }
  last_seq_ = std::max(last_seq_, message.seq);

  Ears* ears = &at_table;
  std::size_t ear = 0;
  switch (origin.channel) {
    case Channel::Broadcast:
      ears = &broadcasts;
      ear = origin.speaker;
      break;
    case Channel::Direct:
      // Of one table and no other: who writes to whom does not change.
      if (client_ < board_.registrars() || board_.partner_of(origin.speaker) != client_ - board_.registrars())
        return wrong("was for somebody else", message.text);
      ears = &letters;
      break;
    case Channel::Room:
    case Channel::GuestInRoom:
      ear = std::size_t{2} * (origin.speaker % AccountsBoard::kTable) + (origin.channel == Channel::Room ? 0 : 1);
      break;
  }
  if (ears->is_shut()) return wrong("was heard by one who was not there", message.text);
  const std::uint64_t doubled = faults_.doubled;
  const std::uint64_t out_of_order = faults_.out_of_order;
  ears->hear(ear, origin.head.number, faults_);
  if (faults_.doubled != doubled) faults_.example(fmt::format("client {} heard \"{}\" again", client_, message.text));
  if (faults_.out_of_order != out_of_order)
    faults_.example(fmt::format("client {} heard \"{}\" after a later one", client_, message.text));
}

void Listener::told_of_missed(std::uint64_t count) {
  announced_ += count;
  faults_.example(fmt::format("client {}: the server says that it missed {} messages", client_, count));
}

bool Listener::check_history(const std::vector<HistoryItem>& items, std::uint32_t limit, std::uint64_t own) {
  std::map<std::uint32_t, std::uint64_t> next;  // by mark
  const std::uint32_t me = AccountsBoard::mark(client_ - board_.registrars(), Channel::Room);
  bool found = false;
  std::uint64_t last_seq = 0;
  for (const HistoryItem& item : items) {
    Origin origin;
    if (judge(item.room, item.text, item.sender, item.client, origin) != Judged::Right) continue;
    const std::uint64_t number = origin.head.number;
    const auto [known, is_first] = next.try_emplace(origin.head.client, number);
    if (!is_first && number != known->second) {
      ++(number < known->second ? faults_.doubled : faults_.lost);
      faults_.example(fmt::format("client {}: history shows \"{}\" where number {} was expected", client_, item.text,
                                  known->second));
    }
    known->second = number + 1;
    if (item.seq != 0 && item.seq <= last_seq) {
      ++faults_.out_of_order;
      faults_.example(fmt::format("client {}: history shows seq {} after {}", client_, item.seq, last_seq));
    }
    last_seq = item.seq;
    found = found || (origin.head.client == me && number == own);
  }
  if (found) return true;
  if (items.size() >= limit) return false;
  ++faults_.lost;
  faults_.example(fmt::format("client {}: history lacks what it said and had acknowledged", client_));
  return true;
}

void Listener::gone() noexcept {
  at_table.shut();
  broadcasts.shut();
  letters.shut();
}

bool Listener::complete() const noexcept {
  return at_table.complete() && letters.complete() && broadcasts.complete();
}

void Listener::count_lost() {
  const std::uint64_t lost = std::max(at_table.lost() + letters.lost() + broadcasts.lost(), announced_);
  faults_.lost += lost;
  if (lost > 0)
    faults_.example(fmt::format("client {} did not hear {} of the room, {} letters, {} broadcasts", client_,
                                at_table.lost(), letters.lost(), broadcasts.lost()));
}

void Listener::wrong(std::string_view what, std::string_view bytes) {
  ++faults_.wrong_bytes;
  faults_.example(fmt::format("client {}: {}: \"{}\"", client_, what, bytes.substr(0, 60)));
}

}  // namespace rookery::load
