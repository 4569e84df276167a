#include "ipc/fault/fault_point.h"

namespace rookery::fault {

std::string_view name_of(Point point) noexcept {
  switch (point) {
    case Point::ClockRealtime:
      return "clock.realtime";
    case Point::MasterAfterBind:
      return "master.after_bind";
    case Point::MasterFork:
      return "master.fork";
    case Point::MasterAfterFork:
      return "master.after_fork";
    case Point::MasterBeforeReady:
      return "master.before_ready";
    case Point::MasterInReap:
      return "master.in_reap";
    case Point::MasterAfterHold:
      return "master.after_hold";
    case Point::MasterAfterHand:
      return "master.after_hand";
    case Point::MasterInReload:
      return "master.in_reload";
    case Point::MasterInShutdown:
      return "master.in_shutdown";
    case Point::UpgradeInRehearsal:
      return "upgrade.in_rehearsal";
    case Point::UpgradeBeforeExec:
      return "upgrade.before_exec";
    case Point::UpgradeInTakeOver:
      return "upgrade.in_take_over";
    case Point::WorkerAtStart:
      return "worker.at_start";
    case Point::WorkerAfterReady:
      return "worker.after_ready";
    case Point::WorkerAfterAccept:
      return "worker.after_accept";
    case Point::WorkerAfterHold:
      return "worker.after_hold";
    case Point::WorkerInTakeover:
      return "worker.in_takeover";
    case Point::WorkerAfterRecv:
      return "worker.after_recv";
    case Point::WorkerAfterParse:
      return "worker.after_parse";
    case Point::WorkerBeforeOutboxCommit:
      return "worker.before_outbox_commit";
    case Point::WorkerAfterOutboxCommit:
      return "worker.after_outbox_commit";
    case Point::WorkerInSend:
      return "worker.in_send";
    case Point::WorkerAfterSend:
      return "worker.after_send";
    case Point::WorkerInLoginHash:
      return "worker.in_login_hash";
    case Point::WorkerPoisonLine:
      return "worker.poison_line";
    case Point::LedgerAtStart:
      return "ledger.at_start";
    case Point::LedgerInRecovery:
      return "ledger.in_recovery";
    case Point::LedgerAfterRead:
      return "ledger.after_read";
    case Point::LedgerBeforePublish:
      return "ledger.before_publish";
    case Point::LedgerAfterPublish:
      return "ledger.after_publish";
    case Point::LedgerBeforeAckCursor:
      return "ledger.before_ack_cursor";
    case Point::LedgerAfterAckCursor:
      return "ledger.after_ack_cursor";
    case Point::LedgerBeforeCommit:
      return "ledger.before_commit";
    case Point::LedgerAfterCommit:
      return "ledger.after_commit";
    case Point::LedgerInCheckpoint:
      return "ledger.in_checkpoint";
    case Point::StoreWrite:
      return "store.write";
    case Point::StoreAfterWrite:
      return "store.after_write";
    case Point::StoreSync:
      return "store.sync";
    case Point::StoreAfterSync:
      return "store.after_sync";
    case Point::StoreDatabaseWrite:
      return "store.database_write";
    case Point::StoreDatabaseSync:
      return "store.database_sync";
    case Point::StoreMigration:
      return "store.migration";
  }
  return "?";
}

}  // namespace rookery::fault
