// Questions with long answers: list, rooms, history. Each is an item source: it makes the next few items when the
// client has taken the ones before.

#include <algorithm>
#include <memory>

#include "worker/commands/command_context.h"
#include "worker/commands/rosters.h"

namespace rookery::worker {

namespace {

constexpr std::size_t kAnswerPieceBytes = 8 * 1024;  // made at a time
// Of blocks or rooms, in a turn: most may be free. Some 10 µs when none of them is in the processor's cache.
constexpr std::uint32_t kPlacesATurn = 1024;

class Reply : public ItemSource {
 public:
  Reply(CommandContext& context, wire::Op op, std::string_view id) : context_(context), op_(op), id_(id) {}

  void done(Session& session) final { context_.finish_command(session); }

 protected:
  [[nodiscard]] wire::RequestTag tag() const noexcept { return {op_, id_}; }
  // Before each item: a successor that finds no item given begins the reply anew.
  void begin(const Session& session, std::string& out) {
    if (session.stream.items_given == 0 && !begun_) session.dialect().begin_items(out, tag());
    begun_ = true;
  }
  ItemsState end(Session& session, std::string& out) {
    begin(session, out);
    session.dialect().end_items(out, tag(), session.stream.items_given);
    return ItemsState::Done;
  }

  CommandContext& context_;

 private:
  wire::Op op_;
  std::string id_;
  bool begun_ = false;
};

class ListReply final : public Reply {
 public:
  using Reply::Reply;

  ItemsState next(Session& session, std::string& out) override {
    const WorkerContext& worker = context_.worker;
    std::uint32_t looked = 0;
    auto slot = static_cast<std::uint32_t>(session.stream.items_next >> 32);
    auto index = static_cast<std::uint32_t>(session.stream.items_next);
    for (; slot < worker.shared.slots(); ++slot, index = 0) {
      for (const std::uint32_t used = blocks_in_use(worker, slot); index < used; ++index) {
        if (out.size() >= kAnswerPieceBytes) {
          session.stream.items_next = std::uint64_t{slot} << 32 | index;
          return ItemsState::More;
        }
        if (looked++ == kPlacesATurn) {
          session.stream.items_next = std::uint64_t{slot} << 32 | index;
          return ItemsState::Later;
        }
        if (const auto seen = see_client(worker, slot, index)) write(session, *seen, out);
      }
    }
    return end(session, out);
  }

 private:
  void write(Session& session, const SeenClient& seen, std::string& out) {
    begin(session, out);
    GuestName guest;
    wire::ClientListing item;
    item.client = seen.client;
    item.name = display_name(seen.login, seen.client, guest);
    item.worker = seen.worker;
    item.since = seen.since_ms;
    if (seen.dialect < wire::kDialectCount) item.dialect = static_cast<wire::DialectId>(seen.dialect);
    session.dialect().client_item(out, session.stream.items_given++, item);
  }
};

class RoomsReply final : public Reply {
 public:
  using Reply::Reply;

  ItemsState next(Session& session, std::string& out) override {
    const WorkerContext& worker = context_.worker;
    std::uint32_t looked = 0;
    auto room = static_cast<std::uint32_t>(session.stream.items_next);
    for (const std::uint32_t used = rooms_in_use(worker); room < used; ++room) {
      if (out.size() >= kAnswerPieceBytes) {
        session.stream.items_next = room;
        return ItemsState::More;
      }
      if (looked++ == kPlacesATurn) {
        session.stream.items_next = room;
        return ItemsState::Later;
      }
      if (room == chat::kLobbyRoom) {
        begin(session, out);
        session.dialect().room_item(out, session.stream.items_given++, {wire::kLobby, worker.lobby_members()});
        continue;
      }
      const auto state = worker.ledger().rooms()[room].load();
      if (!state || state->members == 0) continue;
      begin(session, out);
      session.dialect().room_item(out, session.stream.items_given++, {state->name_view(), state->members});
    }
    return end(session, out);
  }
};

class HistoryReply final : public Reply {
 public:
  HistoryReply(CommandContext& context, std::string_view id, Session& session, HistoryQuestion question)
      : Reply(context, wire::Op::History, id), session_(session), question_(std::move(question)) {
    if (session_.stream.items_given > 0) go_on_after_predecessor();
    if (!answer_.arrived) context_.history.ask(session_, question_, answer_);
  }
  ~HistoryReply() override { context_.history.forget(session_); }

  ItemsState next(Session& session, std::string& out) override {
    if (!answer_.arrived) return ItemsState::Waiting;
    if (session.stream.items_given == 0 && refuse(session, out)) return ItemsState::Done;
    if (answer_.end == chat::HistoryReplyKind::Failed) {  // after a part of it was given: it must not look whole
      context_.delivery.doom(session, "the store cannot be read in the middle of its history");
      return ItemsState::Waiting;
    }
    begin(session, out);
    while (!answer_.records.empty() && out.size() < kAnswerPieceBytes) {
      write(session, answer_.records.front(), out);
      answer_.records.pop_front();
    }
    if (!answer_.records.empty()) return ItemsState::More;
    if (answer_.remaining == 0) return end(session, out);
    question_.order = chat::HistoryOrder::Oldest;
    question_.above = session.stream.items_next;
    question_.limit = answer_.remaining;
    context_.history.ask(session_, question_, answer_);
    return ItemsState::Waiting;
  }

 private:
  // What a worker that has died gave of it stands: the rest begins behind that.
  void go_on_after_predecessor() {
    question_.order = chat::HistoryOrder::Oldest;
    question_.above = session_.stream.items_next;
    question_.limit -= std::min(question_.limit, session_.stream.items_given);
    if (question_.limit > 0) return;
    answer_.arrived = true;
    answer_.end = chat::HistoryReplyKind::End;
  }

  bool refuse(Session& session, std::string& out) {
    wire::Refusal refusal{wire::ErrorCode::NoSuchRoom, {}, wire::to_string(wire::Op::History), tag().id};
    if (answer_.end == chat::HistoryReplyKind::Failed) {
      refusal.code = wire::ErrorCode::RateLimited;
      refusal.message = "old messages cannot be read now, try again";
    } else if (answer_.end == chat::HistoryReplyKind::NoSuchRoom && !room_exists(context_.worker, question_.room)) {
      refusal.message = "there is no room " + question_.room;
    } else {
      return false;
    }
    session.dialect().refused(out, refusal);
    return true;
  }

  void write(Session& session, const std::vector<std::byte>& bytes, std::string& out) {
    const auto record = chat::decode_record(bytes);
    if (!record) return;
    wire::MessageEvent event;
    event.seq = record->header.seq;
    event.epoch = context_.worker.ledger().epoch_of(event.seq);
    event.time = record->header.time_ms;
    event.room = record->header.kind == chat::RecordKind::Broadcast ? wire::kEverybody : record->target_name;
    event.from = {record->header.client, record->name};
    event.text = record->text;
    session.dialect().message_item(out, session.stream.items_given++, event);
    session.stream.items_next = record->header.seq;
  }

  Session& session_;
  HistoryQuestion question_;
  HistoryAnswer answer_;
};

Outcome start(CommandContext& context, Session& session, std::unique_ptr<ItemSource> items) {
  context.delivery.begin_items(session, std::move(items));
  return Outcome::Later;
}

}  // namespace

Outcome do_list(CommandContext& context, Session& session, const wire::Command& command) {
  return start(context, session, std::make_unique<ListReply>(context, command.op, command.id));
}

Outcome do_rooms(CommandContext& context, Session& session, const wire::Command& command) {
  return start(context, session, std::make_unique<RoomsReply>(context, command.op, command.id));
}

Outcome do_history(CommandContext& context, Session& session, const wire::Command& command) {
  if (!context.may_chat(session))
    return context.refuse(session, {command.op, command.id}, wire::ErrorCode::NotLoggedIn,
                          "log in first: guests may not read here");
  HistoryQuestion question;
  question.room = std::string(command.room);
  question.limit = command.limit;
  question.below = std::max<std::uint64_t>(command.before.value_or(0), command.before ? 1 : 0);  // 0: no bound
  question.above = command.after.value_or(0);
  if (command.after && !command.before) question.order = chat::HistoryOrder::Oldest;
  return start(context, session, std::make_unique<HistoryReply>(context, command.id, session, std::move(question)));
}

}  // namespace rookery::worker
