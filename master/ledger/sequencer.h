// master/ledger/sequencer.h
//
// The ledger's turn: take from the outboxes (intake.h), order (order.h), apply and publish (publisher.h). What the
// ledger says by itself, the server's notices, the operator's changes and the leaves of dead workers' clients, is
// ordered like what workers ask for.
//
// It does not run further ahead of the disk than the ring holds, nor of a loop that is alive: then outboxes fill and
// clients are made to wait.
#pragma once

#include <string>
#include <vector>

#include "master/ledger/departures.h"
#include "master/ledger/intake.h"
#include "master/ledger/ledger_context.h"
#include "master/ledger/publisher.h"
#include "master/ledger/request.h"

namespace rookery::ledger {

class Sequencer final {
 public:
  // `state` and `rooms` as recovery.h leaves them.
  Sequencer(LedgerContext& context, shm::LogRingWriter& ring, StateMachine& state, RoomTable& rooms,
            const shm::NameTableReader& users, Archive& archive, PublishedMark& mark);

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

  [[nodiscard]] std::vector<Intake::Damage> take_damaged() { return intake_.take_damaged(); }

  [[nodiscard]] bool has_work() const noexcept;  // sequentially consistent: for the doorbell

 private:
  // What the ledger says by itself, at this time.
  [[nodiscard]] static chat::Record own_record(chat::RecordKind kind, std::int64_t now_ms) noexcept;
  void offer_notices(std::int64_t now_ms);
  void offer_departures(std::int64_t now_ms);
  void publish();

  LedgerContext& context_;
  const shm::NameTableReader& users_;
  const StateMachine& state_;
  Publisher publisher_;
  LocalOrder order_;
  Intake intake_;

  std::vector<std::string> notices_;
  std::vector<Departures> departures_;  // of dead workers, under way
  std::vector<std::uint32_t> cleaned_;
};

}  // namespace rookery::ledger
