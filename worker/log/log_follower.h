// worker/log/log_follower.h
//
// The loop's reader of the log ring: puts each record where it belongs. Messages go on the tapes of their topics, what
// concerns this loop's own clients changes their rooms and becomes a receipt.
//
// Everything that any client of this loop sees of the chat comes through here, in the log's order: that is why all
// clients see the same order, and why a client's own join takes effect exactly between two messages.
#pragma once

#include <algorithm>
#include <vector>

#include "worker/delivery/delivery.h"
#include "worker/limits/room_makers.h"
#include "worker/log/outbox.h"
#include "worker/log/receipts.h"
#include "worker/loop/client_ids.h"

namespace rookery::worker {

enum class DrainResult : unsigned char { Drained, More, Lapped };

class LogFollower final {
 public:
  LogFollower(const WorkerContext& context, std::uint32_t loop, SessionTable& sessions, Delivery& delivery,
              Outbox& outbox, Receipts& receipts, ClientIds& ids);

  // Applies what has been published, at most about a megabyte of it. Lapped: the log has moved on without us; what our
  // clients missed cannot be told from here.
  [[nodiscard]] DrainResult drain();

  [[nodiscard]] shm::Position position() const noexcept { return reader_.position(); }
  [[nodiscard]] shm::Position committed_end() const noexcept { return reader_.committed_end(); }
  // The newest message's before position(). Known once a record has been read: before any client is let in, since their
  // ids come through the log.
  [[nodiscard]] std::uint64_t newest_seq() const noexcept { return newest_seq_; }
  [[nodiscard]] shm::Position durable_end() const noexcept { return reader_.durable_end(); }

  [[nodiscard]] bool gave_up_what_may_come() const noexcept { return receipts_.gave_up_what_may_come(); }
  // The ring is half full of what cannot be stored: the rest is for departures, notices and questions.
  [[nodiscard]] bool is_half_full() const noexcept {
    return reader_.committed_end() - reader_.durable_end() > reader_.capacity_words() / 2;
  }

  // Of a session whose worker has died: it was about to begin to listen to the chat, or to end. What its block says of
  // that was not committed.
  void forget_half_listening(Session& session) const;
  // It enters the topics that its block says it listens to. False: its rooms are not there.
  [[nodiscard]] bool adopt(Session& session);
  // Known from the ring before a first record has been read.
  void know_newest_seq(std::uint64_t seq) noexcept { newest_seq_ = std::max(newest_seq_, seq); }
  // From `position` on the log has what sessions of this loop wait for. Before it has them.
  void announce_need(shm::Position position) noexcept {
    const shm::Position awaited = control_.awaiting_position.load(std::memory_order_relaxed);
    control_.awaiting_position.store(std::min(awaited, position + 1), std::memory_order_seq_cst);
  }
  // Everything before position() has been seen to, and of what was asked for only receipts wait: written down for a
  // successor. The receipts first, for between the two we may die.
  void announce_position() noexcept {
    control_.awaiting_position.store(receipts_.needed(), std::memory_order_seq_cst);
    control_.log_position.store(position(), std::memory_order_release);
  }

  // A session enters or leaves the topics that its state says it listens to.
  void listen(Session& session);
  void listen_to_chat(Session& session);  // also where its state does not say yet that it may
  void listen_no_more(Session& session);
  [[nodiscard]] static bool hears_chat(const Session& session) noexcept {
    return session.block->had_from.everybody.load(std::memory_order_relaxed) != chat::SessionHadFrom::kNever;
  }
  // After it was changed whether guests may chat. False: not now, it waits for an answer; ask again.
  [[nodiscard]] bool follow_rule_for_guests(Session& session);
  void listen_to_account(Session& session, std::uint64_t account);
  void set_presence(Session& session, bool on);
  void enter_lobby(Session& session);
  void leave_lobby(Session& session);
  // Tells the ledger that the session is in no room any more.
  void leave_rooms(Session& session);

 private:
  void apply(const chat::Record& record, shm::Position end);
  void apply_message(const chat::Record& record);
  void apply_membership(const chat::Record& record);
  void apply_own_join(Session& session, const chat::Record& record);
  void apply_own_leave(Session& session, const chat::Record& record);
  void hear_room_no_more(Session& session, std::uint32_t room);
  void hear_lobby_no_more(Session& session);
  void free_room_of_others(std::uint32_t id, std::string_view name);
  void sit_in_lobby(Session& session);
  [[nodiscard]] bool may_chat(const Session& session) const {
    return settings_.allow_guests || session.stream.user != 0;
  }
  [[nodiscard]] Topic* guest_topic(const chat::RecordHeader& header);
  void leave_for_one_gone(const chat::Record& record);
  [[nodiscard]] bool is_ours(const chat::RecordHeader& header) const noexcept {
    return header.slot == slot_ && header.slot_epoch == outbox_.slot_epoch();
  }

  const WorkerContext& context_;
  const chat::RuntimeSettings& settings_;  // the loop's
  std::uint32_t slot_;
  SessionTable& sessions_;
  Delivery& delivery_;
  Outbox& outbox_;
  Receipts& receipts_;
  ClientIds& ids_;
  chat::LoopControl& control_;
  shm::LogRingReader reader_;
  RoomMakers room_makers_;
  std::vector<std::byte> bytes_;
  std::uint64_t newest_seq_ = 0;
  std::uint64_t lobby_members_ = 0;
};

}  // namespace rookery::worker
