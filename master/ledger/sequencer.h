// master/ledger/sequencer.h
//
// Orders everything: takes records from all outboxes in batches, gives each its number, time, origin and outcome, and
// publishes the batch in the log ring.
//
// One batch, in this order: records appended to the ring (invisible), published by one store, then what follows from
// them: outboxes' `taken`, the room table, applied_end. Whatever instant the ledger dies at, recovery.h finds out what
// was published and not yet followed up.
//
// It does not run further ahead of the disk than the ring holds, nor of a loop that is alive: then outboxes fill and
// clients are made to wait. A loop that has stopped (its heartbeat is old) is not waited for.
#pragma once

#include <deque>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ipc/chat/record.h"
#include "master/ledger/archive.h"
#include "master/ledger/departures.h"
#include "master/ledger/ledger_context.h"
#include "master/ledger/published_mark.h"
#include "master/ledger/recovery.h"
#include "master/ledger/request.h"
#include "master/ledger/room_book.h"

namespace rookery::ledger {

class Sequencer final {
 public:
  Sequencer(LedgerContext& context, shm::LogRingWriter& ring, RoomBook& rooms, const shm::NameTableReader& users,
            Archive& archive, PublishedMark& mark, const Recovered& start);

  enum class TurnResult : unsigned char {
    Idle,       // nothing to take
    Published,  // took something: turn again
    NoRoom,     // something is there, but the ring is full: wait for the disk or the readers
  };
  TurnResult turn();

  // A text from the server to everybody; published with the next turn.
  void notice(const std::string& text) { notices_.push_back(text); }

  // An operator's wish, published at once; `end` is then where its record ends in the ring.
  enum class AccountVerdict : unsigned char { Published, NameTaken, Full, NoSuchName, NoRoom };
  [[nodiscard]] AccountVerdict change_account(const AccountRequest& request, shm::Position& end);

  // Likewise. Full: there are kMaxBans.
  enum class BanVerdict : unsigned char { Published, NoSuchAccount, NotBanned, Full, NoRoom };
  [[nodiscard]] BanVerdict change_ban(const BanRequest& request, shm::Position& end);

  // The worker is dead: its outboxes are drained, then who was gone already leaves the rooms, see departures.h.
  void worker_gone(std::uint32_t worker);
  // Workers for which all of that is published; each is returned once.
  [[nodiscard]] std::vector<std::uint32_t> take_cleaned();

  // Others carry on all clients of that life of the worker.
  void worker_vacant(std::uint32_t worker, std::uint64_t slot_epoch) noexcept;

  struct Damage {
    std::uint32_t worker = 0;
    std::string text;
  };
  // Outboxes with content that no sane worker writes. Nothing more is taken from them until worker_gone().
  [[nodiscard]] std::vector<Damage> take_damaged();

  [[nodiscard]] bool has_work() const noexcept;  // sequentially consistent: for the doorbell

 private:
  struct Slot {
    shm::RecordQueueConsumer outbox;
    bool damaged = false;
    std::uint64_t damaged_by = 0;  // its life, as its region had it: the next one has an outbox of its own
    bool peeked = false;           // taken from in the batch under way
  };

  [[nodiscard]] bool room_for(std::size_t payload_bytes) const noexcept;
  void note_slowest_reader() noexcept;
  [[nodiscard]] std::uint64_t life_of(std::uint32_t slot) const noexcept;
  [[nodiscard]] bool may_look_into(std::uint32_t slot) const noexcept;
  [[nodiscard]] bool take_from(std::uint32_t slot);
  void accept(std::uint32_t slot, chat::Record& record);
  [[nodiscard]] bool decide(std::uint32_t slot, chat::Record& record);
  void decide_registration(chat::Record& record);
  [[nodiscard]] bool decide_membership(chat::Record& record);
  void append(chat::Record& record);
  void note_pending_name(std::string_view name);
  void append_notices();
  void append_departures();
  void damage(std::uint32_t slot, const std::string& text);
  void publish();
  // Whom the batch under way concerns: see ring_loops().
  void note_concerned(const chat::RecordHeader& header);
  void ring_loops() noexcept;

  LedgerContext& context_;
  shm::LogRingWriter& ring_;
  RoomBook& rooms_;
  const shm::NameTableReader& users_;
  Archive& archive_;
  PublishedMark& mark_;
  chat::LedgerRegionView region_;
  std::vector<shm::DoorbellRinger> loops_;
  std::vector<bool> concerned_;              // slots that have asked for something in the batch under way
  bool concerns_all_ = false;                // that batch
  std::vector<std::uint32_t> spoken_rooms_;  // in which something happened in it; may name one twice
  std::vector<Slot> slots_;
  std::uint32_t first_slot_ = 0;  // whose turn it is to be drained first

  std::uint64_t seq_;
  std::uint64_t next_client_;
  std::uint64_t next_account_;
  std::int64_t time_ms_;
  shm::Position slowest_reader_ = 0;

  // Names registered and not durable yet: not in the user table, but no longer to be had.
  std::unordered_set<std::string> pending_names_;
  std::deque<std::pair<shm::Position, std::string>> pending_order_;
  std::vector<std::uint32_t> touched_rooms_;

  std::vector<std::string> notices_;
  std::vector<Departures> departures_;  // of dead workers, under way
  std::vector<std::uint32_t> cleaned_;
  std::vector<Damage> damaged_;
  std::vector<std::byte> taken_bytes_;
  std::vector<std::byte> ring_bytes_;
};

}  // namespace rookery::ledger
