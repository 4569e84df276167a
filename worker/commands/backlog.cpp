#include "worker/commands/backlog.h"

#include <algorithm>

#include "worker/commands/command_context.h"

namespace rookery::worker {

MissedFilter::MissedFilter(const CommandContext& context, const Session& session) {
  const chat::SessionHadFrom& had_from = session.block->had_from;
  broadcasts_until_ = had_from.everybody.load(std::memory_order_relaxed);
  account_ = context.sessions.login(session).account;
  if (account_ != 0) account_until_ = had_from.account.load(std::memory_order_relaxed);
  if (session.block->in_lobby.load(std::memory_order_relaxed) != 0)
    rooms_.push_back({std::string(wire::kLobby), had_from.lobby.load(std::memory_order_relaxed)});
  for (const chat::SessionRoom& room : context.sessions.rooms_had(session))
    if (const TopicMap::Room* topic = context.delivery.topics.room(room.id))
      rooms_.push_back({topic->name, room.had_from});

  until_ = std::max(broadcasts_until_, account_until_);
  chat::MissedTopics topics{broadcasts_until_, account_, account_until_, {}};
  for (const Room& room : rooms_) {
    until_ = std::max(until_, room.until);
    topics.rooms.push_back({room.name, room.until});
  }
  encoded_ = chat::encode_missed_topics(topics);
}

bool MissedFilter::is_wanted(const chat::Record& record, std::string_view& room) const noexcept {
  const chat::RecordHeader& header = record.header;
  room = {};
  switch (header.kind) {
    case chat::RecordKind::Broadcast:
      room = wire::kEverybody;
      return header.seq <= broadcasts_until_;
    case chat::RecordKind::Direct:
      return account_ != 0 && header.target == account_ && (header.flags & chat::kTargetIsGuest) == 0 &&
             header.seq <= account_until_;
    case chat::RecordKind::Say: {
      // By name: a number in an old record may have been another room's.
      const auto found = std::find_if(rooms_.begin(), rooms_.end(), [&record](const Room& candidate) {
        return shm::same_name(candidate.name, record.target_name);
      });
      if (found == rooms_.end() || header.seq > found->until) return false;
      room = found->name;
      return true;
    }
    default:
      return false;
  }
}

Backlog::Backlog(CommandContext& context, Session& session)
    : context_(context),
      session_(session),
      filter_(context, session),
      search_(context.worker.ring_reader()),
      ring_(context.worker.ring_reader()) {}

Backlog::~Backlog() {
  context_.history.forget(session_);
}

void Backlog::seek(std::uint64_t seq) {
  if (asked_) context_.history.forget(session_);
  asked_ = false;
  page_begun_ = false;
  in_ring_ = false;
  at_ = seq;
  counted_ = 0;
}

BacklogStep Backlog::count() {
  for (;;) {
    const BacklogStep done = step(chat::MissedWish::Count);
    if (done != BacklogStep::Message) return done;
    ++counted_;
  }
}

BacklogStep Backlog::next() {
  return step(chat::MissedWish::Messages);
}

BacklogStep Backlog::step(chat::MissedWish wish) {
  for (;;) {
    if (asked_) {
      if (const auto done = take_answer(wish)) return *done;
      continue;
    }
    if (at_ >= filter_.until()) return BacklogStep::End;
    if (context_.ring_words_left == 0) return BacklogStep::Later;
    if (!in_ring_) {
      if (!find_place(wish)) return BacklogStep::Later;
      continue;
    }
    const BacklogStep done = read_ring();
    if (done == BacklogStep::Message || done == BacklogStep::Later) return done;
  }
}

// In the ring, or by a question to the store. False: not now.
bool Backlog::find_place(chat::MissedWish wish) {
  constexpr std::uint64_t kSearchWords = 512;  // what a search costs, in words of the ring
  context_.ring_words_left -= std::min(context_.ring_words_left, kSearchWords);
  const RingPlace place = search_.find(at_);
  if (place.position) {
    ring_.seek(*place.position);
    in_ring_ = true;
    return true;
  }
  if (place.stored_to == 0) return false;
  HistoryQuestion question;
  question.above = at_;
  question.below = std::min(place.stored_to, filter_.until()) + 1;
  question.topics = filter_.encoded();
  question.wish = wish;
  context_.history.ask(session_, question, answer_);
  asked_ = true;
  return true;
}

// Up to the next message that is wanted. End: look again where we are.
BacklogStep Backlog::read_ring() {
  while (context_.ring_words_left > 0) {
    const shm::Position begin = ring_.position();
    const shm::ReadResult result = ring_.read(bytes_);
    if (result == shm::ReadResult::Lapped) {
      in_ring_ = false;
      return BacklogStep::End;
    }
    if (result == shm::ReadResult::Empty) {  // there is nothing above: what was to come cannot be
      at_ = filter_.until();
      return BacklogStep::End;
    }
    context_.ring_words_left -= std::min(context_.ring_words_left, ring_.position() - begin);
    record_ = chat::decode_record(bytes_);
    if (!record_ || !chat::is_numbered(record_->header) || record_->header.seq <= at_) continue;
    at_ = record_->header.seq;
    if (at_ > filter_.until()) return BacklogStep::End;
    if (filter_.is_wanted(*record_, room_)) return BacklogStep::Message;
  }
  return BacklogStep::Later;
}

// Empty: the page is used up, look where to go on.
std::optional<BacklogStep> Backlog::take_answer(chat::MissedWish wish) {
  if (!answer_.arrived) return BacklogStep::Waiting;
  if (!page_begun_) {
    const bool whole = wish == chat::MissedWish::Count || answer_.records.size() == answer_.missed.found;
    const bool goes_on = answer_.missed.looked_to > at_;
    asked_ = answer_.end == chat::HistoryReplyKind::MissedEnd && whole;
    if (answer_.end != chat::HistoryReplyKind::MissedEnd || !goes_on) return BacklogStep::Failed;
    if (!whole) return std::nullopt;  // part of it found no room in the inbox: ask again
    if (wish == chat::MissedWish::Count) counted_ += answer_.missed.found;
    page_begun_ = true;
  }
  if (!answer_.records.empty()) {
    bytes_ = std::move(answer_.records.front());
    answer_.records.pop_front();
    record_ = chat::decode_record(bytes_);
    if (!record_ || record_->header.seq <= at_ || !filter_.is_wanted(*record_, room_)) return BacklogStep::Failed;
    at_ = record_->header.seq;
    return BacklogStep::Message;
  }
  at_ = std::max(at_, answer_.missed.looked_to);
  asked_ = false;
  page_begun_ = false;
  return std::nullopt;
}

}  // namespace rookery::worker
