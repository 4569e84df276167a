// resume: what a client missed while it had no connection. First the answer, which tells how many, then so many events.

#include <algorithm>
#include <memory>
#include <optional>

#include "ipc/log.h"
#include "worker/commands/backlog.h"
#include "worker/commands/command_context.h"

namespace rookery::worker {

namespace {

constexpr std::size_t kMissedPieceBytes = 8 * 1024;  // of events, made at a time

class ResumeReply final : public ItemSource {
 public:
  ResumeReply(CommandContext& context, Session& session, const wire::Command& command)
      : context_(context),
        id_(command.id),
        epoch_(command.epoch),
        seq_(command.seq),
        published_(context.follower.committed_end()),
        backlog_(context, session) {}

  ItemsState next(Session& session, std::string& out) override {
    switch (phase_) {
      case Phase::ReadingLog:
        // What the client has seen elsewhere may be newer than what this loop has read; but not newer than this.
        if (context_.follower.position() < published_) return ItemsState::Later;
        return begin(session, out);
      case Phase::Counting:
        return count(session, out);
      case Phase::Giving:
        return give(session, out);
    }
    return ItemsState::Done;
  }

  void done(Session& session) override {
    // Told and given: what is above common_ it has had. One commit with the end of the command; then, for each topic.
    if (session.stream.items_promised != 0) session.stream.had_all_from = common_ + 1;
    context_.finish_command(session);
    context_.sessions.settle_had_from(session);
  }

 private:
  enum class Phase : unsigned char { ReadingLog, Counting, Giving };

  [[nodiscard]] wire::RequestTag tag() const noexcept { return {wire::Op::Resume, id_}; }

  // The newest number that the client and this server agree on. Empty: they share no past.
  [[nodiscard]] std::optional<std::uint64_t> common_seq() const noexcept {
    const chat::LedgerRegionView ledger = context_.worker.ledger();
    if (epoch_ == ledger.epoch()) {
      if (seq_ > context_.follower.newest_seq()) return std::nullopt;
      return seq_;
    }
    for (const chat::EndedEpoch& ended : ledger.ended_epochs())
      if (ended.name() == epoch_) return std::min(seq_, ended.last_seq);
    return std::nullopt;
  }

  ItemsState begin(Session& session, std::string& out) {
    const auto common = common_seq();
    if (!common) {
      session.dialect().resumed(out, tag(), false, 0);
      return ItemsState::Done;
    }
    common_ = *common;
    if (session.stream.items_promised != 0) {  // begun by a predecessor
      backlog_.seek(std::max(common_, session.stream.items_next));
      phase_ = Phase::Giving;
    } else {
      backlog_.seek(common_);
      phase_ = Phase::Counting;
    }
    return ItemsState::More;
  }

  ItemsState count(Session& session, std::string& out) {
    switch (backlog_.count()) {
      case BacklogStep::Later:
        return ItemsState::Later;
      case BacklogStep::Waiting:
        return ItemsState::Waiting;
      case BacklogStep::Message:
      case BacklogStep::Failed:
        session.dialect().refused(out, {wire::ErrorCode::RateLimited, "old messages cannot be read now, try again",
                                        wire::to_string(wire::Op::Resume), id_});
        return ItemsState::Done;
      case BacklogStep::End:
        break;
    }
    // Looked at after the count: what was removed before it is known by now.
    const bool all_kept = common_ >= context_.worker.ledger().header().pruned_to.load(std::memory_order_seq_cst);
    session.dialect().resumed(out, tag(), all_kept && epoch_ == context_.worker.epoch(), backlog_.counted());
    session.stream.items_promised = static_cast<std::uint32_t>(backlog_.counted() + 1);
    session.stream.items_next = common_;
    if (backlog_.counted() == 0) return ItemsState::Done;
    backlog_.seek(common_);
    phase_ = Phase::Giving;
    return ItemsState::More;
  }

  ItemsState give(Session& session, std::string& out) {
    while (out.size() < kMissedPieceBytes) {
      switch (backlog_.next()) {
        case BacklogStep::Message:
          write(session, out);
          break;
        case BacklogStep::Later:
          return ItemsState::Later;
        case BacklogStep::Waiting:
          return ItemsState::Waiting;
        case BacklogStep::Failed:
          return give_up(session, "the store cannot be read in the middle of its resume");
        case BacklogStep::End:
          if (session.stream.items_given + 1 != session.stream.items_promised)
            return give_up(session, "its resume found another number of messages the second time");
          return ItemsState::Done;
      }
    }
    return ItemsState::More;
  }

  void write(Session& session, std::string& out) {
    const chat::Record& record = backlog_.record();
    wire::MessageEvent event;
    event.seq = record.header.seq;
    event.epoch = context_.worker.ledger().epoch_of(event.seq);
    event.time = record.header.time_ms;
    event.room = backlog_.room();
    if (record.header.kind == chat::RecordKind::Direct) event.to = record.target_name;
    event.from = {record.header.client, record.name};
    event.text = record.text;
    session.dialect().message(out, event);
    ++session.stream.items_given;
    session.stream.items_next = event.seq;
  }

  // The client was promised a number that it cannot be given: it connects and asks again.
  ItemsState give_up(Session& session, const char* why) {
    log::about_client(log::Topic::Sessions, log::Level::Error, {session.client}, "is closed: {}", why);
    context_.delivery.doom(session, why);
    return ItemsState::Waiting;
  }

  CommandContext& context_;
  std::string id_;
  std::string epoch_;
  std::uint64_t seq_;
  shm::Position published_;
  Phase phase_ = Phase::ReadingLog;
  std::uint64_t common_ = 0;
  Backlog backlog_;
};

}  // namespace

Outcome do_resume(CommandContext& context, Session& session, const wire::Command& command) {
  if (!context.may_chat(session))
    return context.refuse(session, {command.op, command.id}, wire::ErrorCode::NotLoggedIn,
                          "log in first: guests may not read here");
  context.delivery.begin_items(session, std::make_unique<ResumeReply>(context, session, command));
  return Outcome::Later;
}

}  // namespace rookery::worker
