#include "master/ledger/ledger_process.h"

#include <fmt/format.h>
#include <malloc.h>

#include <array>
#include <cstdlib>
#include <new>
#include <optional>
#include <system_error>

#include "ipc/chat/control_message.h"
#include "ipc/chat/runtime_settings.h"
#include "ipc/fault/fault_point.h"
#include "ipc/os/clock.h"
#include "ipc/os/error_output.h"
#include "ipc/os/errors.h"
#include "ipc/os/poller.h"
#include "ipc/sandbox/sandbox.h"
#include "master/ledger/opening_sign.h"
#include "master/ledger/published_mark.h"
#include "master/ledger/recovery.h"
#include "master/ledger/request_desk.h"
#include "master/ledger/sequencer.h"
#include "master/ledger/store_writer.h"

namespace rookery::ledger {

namespace {

using chat::ControlKind;

constexpr std::chrono::milliseconds kHeartbeat{500};
constexpr std::chrono::milliseconds kRoomAgain{1};          // the ring is full: look again
constexpr std::chrono::milliseconds kClerkEndsWithin{200};  // when told to: a step that can be given up is shorter
// Batches published at most before the control pipe is looked at again: some 10 ms at full speed.
constexpr int kTurnsPerLook = 16;
constexpr int kExitShort = 70;       // of memory, threads, descriptors: another start may have them
constexpr int kExitCannotGoOn = 78;  // the operator must mend something
constexpr int kExitNotStored = 75;   // stopped as asked, but the store took not all. EX_TEMPFAIL

// Besides its directory: which run of the machine it is, and SQLite's random numbers.
constexpr std::array kReadable{"/proc/sys/kernel/random/boot_id", "/dev/urandom"};

class Ledger final {
 public:
  Ledger(const LedgerStart& start, chat::SharedState& shared, store::Store store)
      : start_(start),
        context_(shared),
        region_(context_.region()),
        ring_(context_.log_ring.data(), chat::kLogRingWords),
        users_(context_.user_table.data(), shared.user_table.writer_descriptor(), chat::kMaxAccounts),
        state_({.rooms = chat::kMaxRooms, .accounts = chat::kMaxAccounts}),
        rooms_(region_),
        bans_(region_, shared.ledger_region.writer_descriptor()),
        bell_(region_.header().sleeping, shared.ledger_doorbell.read_end.get()),
        mark_(start.data) {
    if (store.dropped_bytes() > 0)
      log::warning(
          "the write-ahead log's last {} bytes are of a group that was cut short, and nobody was told of: "
          "they are dropped",
          store.dropped_bytes());
    store.demand(start_.data / "lock", start_.lock);
    store.demand(start_.data, start_.data_directory);
    refuse_another_store(store);
    refuse_what_lost_messages(store);
    if (is_fresh()) begin_epoch(store);
    open_region(store.state());
    const std::uint64_t stored = recover(context_, store, state_, rooms_, users_, bans_);
    if (stored > 0) log::info("stored {} records that the log ring still had", stored);
    mark_.stored(store.state().last_seq);
    archive_.emplace(context_, start_.data);
    sequencer_.emplace(context_, ring_, state_, rooms_, users_.reader(), *archive_, mark_);
    writer_.emplace(context_, std::move(store), users_, bans_, mark_, start_.retention);
    desk_.emplace(context_, *sequencer_, start_.data, start_.control);
    ROOKERY_INVARIANT(poller_.add(start_.control, EPOLLIN, kControlToken));
    ROOKERY_INVARIANT(poller_.add(bell_.descriptor(), EPOLLIN, kBellToken));
  }

  int serve() {
    log::info("serving, epoch {}", region_.epoch());
    tell({ControlKind::Ready});
    while (!stopping_ && !orphaned_) turn();
    desk_->stop_clerk();
    if (orphaned_) return leave(0);
    for (;;) {
      const auto result = sequencer_->turn();
      writer_->wake();
      if (result == Sequencer::TurnResult::Idle) break;
      if (result != Sequencer::TurnResult::NoRoom) continue;
      if (region_.header().store_failing.load(std::memory_order_relaxed) != 0) break;  // no room will come
      static_cast<void>(poller_.wait(kRoomAgain));
    }
    const bool all_stored = writer_->finish();
    desk_->close();  // what was changed last is stored now
    return leave(all_stored ? 0 : kExitNotStored);
  }

 private:
  static constexpr std::uint64_t kControlToken = 1;
  static constexpr std::uint64_t kBellToken = 2;

  // A check may be in a step of minutes that nothing interrupts. Neither the stop nor the next start waits for what
  // only reads: then the process ends with its thread.
  int leave(int code) {
    const bool clerk_has_ended = desk_->clerk_ends_within(kClerkEndsWithin);
    if (clerk_has_ended) desk_.reset();
    writer_.reset();
    archive_.reset();
    if (code == 0 && !orphaned_) log::info("stopped, everything is durable");
    if (!clerk_has_ended) std::_Exit(code);
    return code;
  }

  // No ledger has run on these regions: the server starts.
  [[nodiscard]] bool is_fresh() const noexcept {
    return region_.header().magic.load(std::memory_order_acquire) != chat::LedgerRegionHeader::kMagic;
  }

  // The server goes on, and somebody has put another store into the place of the one that it had.
  void refuse_another_store(const store::Store& store) {
    if (is_fresh() || store.state().epoch == region_.epoch()) return;
    throw store::StoreError(
        fmt::format("{}/rookery.db: was replaced while the server uses it: it is of epoch {} and not of {}; put the "
                    "store back, or stop the server and start it anew",
                    start_.data.string(), store.state().epoch, region_.epoch()));
  }

  // A write-ahead log that was cut at a group's end looks whole, but the mark knows what was acknowledged.
  void refuse_what_lost_messages(const store::Store& store) {
    const std::uint64_t acknowledged = mark_.durable(store.state().epoch);
    if (acknowledged <= store.state().last_seq) return;
    throw store::StoreError(fmt::format(
        "{0}/rookery.db: ends at number {1}, but {2} was acknowledged: part of it or of its write-ahead log is gone; "
        "restore a backup, or go on without what is missing, under a new epoch: sqlite3 {0}/rookery.db \"UPDATE meta "
        "SET value=lower(hex(randomblob(8))) WHERE key='epoch'\" (docs/storage.md)",
        start_.data.string(), store.state().last_seq, acknowledged));
  }

  // Message ids are (epoch, number). What was published and is lost had numbers that will be given again.
  void begin_epoch(store::Store& store) {
    const std::uint64_t stored = store.state().last_seq;
    const std::uint64_t published = mark_.published(store.state().epoch);
    if (store.machine_may_have_failed()) {
      store.renew_epoch();
      log::warning(
          "the machine stopped before the server did: messages that were never acknowledged may be lost, "
          "epoch {} begins",
          store.state().epoch);
    } else if (published > stored) {
      store.renew_epoch();
      log::warning("{} records that clients may have seen were lost, none of them acknowledged: epoch {} begins",
                   published - stored, store.state().epoch);
    }
    mark_.begin(store.state().epoch, stored);
  }

  void open_region(const store::StoreState& state) {
    chat::LedgerRegionHeader& header = region_.header();
    if (header.magic.load(std::memory_order_acquire) != chat::LedgerRegionHeader::kMagic) {
      ROOKERY_INVARIANT(state.epoch.size() == chat::kEpochBytes);
      std::copy(state.epoch.begin(), state.epoch.end(), header.epoch.begin());
      list_past_epochs(header, state.past_epochs);
      header.magic.store(chat::LedgerRegionHeader::kMagic, std::memory_order_release);
    }
    header.generation.fetch_add(1, std::memory_order_acq_rel);
  }

  static void list_past_epochs(chat::LedgerRegionHeader& header, std::span<const store::PastEpoch> past) {
    past = past.last(std::min(past.size(), chat::kMaxEndedEpochs));
    for (std::size_t i = 0; i < past.size(); ++i) {
      past[i].epoch.copy(header.ended[i].epoch.data(), chat::kEpochBytes);
      header.ended[i].last_seq = past[i].last_seq;
    }
    header.ended_epochs = past.size();
  }

  void tell(const chat::ControlMessage& message) {
    if (chat::send_control(start_.control, message) == os::TransferStatus::PeerGone) orphaned_ = true;
  }

  void turn() {
    region_.header().heartbeat_ms.store(os::monotonic_ms(), std::memory_order_relaxed);
    auto result = Sequencer::TurnResult::Published;
    for (int i = 0; i < kTurnsPerLook && result == Sequencer::TurnResult::Published; ++i) {
      result = sequencer_->turn();
      if (result == Sequencer::TurnResult::Published) writer_->wake();
      // Damage first: what is told after "clean" would be held against the successor.
      for (const auto& damage : sequencer_->take_damaged())
        tell({ControlKind::SlotDamaged, damage.worker, 0, damage.text});
      for (const std::uint32_t worker : sequencer_->take_cleaned()) tell({ControlKind::SlotClean, worker});
    }
    if (desk_->turn()) writer_->wake();
    wait(result);
  }

  void wait(Sequencer::TurnResult result) {
    std::chrono::milliseconds timeout{0};
    if (result == Sequencer::TurnResult::NoRoom) timeout = kRoomAgain;
    if (result == Sequencer::TurnResult::Idle) {
      bell_.announce_sleep();
      if (!sequencer_->has_work() && !desk_->has_mail()) timeout = desk_->is_busy() ? kRoomAgain : kHeartbeat;
    }
    for (const epoll_event& event : poller_.wait(timeout)) {
      if (event.data.u64 == kBellToken) bell_.drain();
      if (event.data.u64 == kControlToken) hear_master();
    }
    bell_.awake();
  }

  void hear_master() {
    for (;;) {
      const chat::ReceivedControl received = chat::receive_control(start_.control);
      if (received.status == os::TransferStatus::WouldBlock) return;
      if (received.status != os::TransferStatus::Done) {
        orphaned_ = true;
        return;
      }
      if (!received.message) continue;
      switch (received.message->kind) {
        case ControlKind::Stop:
          stopping_ = true;
          break;
        case ControlKind::WorkerGone:
          if (received.message->worker >= context_.shared.workers) break;
          sequencer_->worker_gone(received.message->worker);
          writer_->wake();  // it has published what the worker had left
          break;
        case ControlKind::SlotVacant:
          if (received.message->worker < context_.shared.workers)
            sequencer_->worker_vacant(received.message->worker, received.message->number);
          break;
        case ControlKind::LedgerRequest:
          desk_->hear(*received.message);
          break;
        case ControlKind::Notice:
          sequencer_->notice(received.message->text);
          break;
        case ControlKind::Settings:
          if (const auto settings = chat::decode_runtime_settings(received.message->text)) {
            log::change(settings->log_level, settings->log_format);
            writer_->set_retention({.age = settings->history_age, .bytes = settings->history_bytes});
            tell({ControlKind::Settings, 0, received.message->number});
          } else {
            log::error("the master sent settings that make no sense");
          }
          break;
        case ControlKind::LogReopen:
          if (received.passenger && os::replace_error_output(received.passenger.get()))
            tell({ControlKind::LogReopen, 0, received.message->number});
          else
            log::error("cannot write to the log that was opened anew: going on with the old one");
          break;
        case ControlKind::Probe:
          writer_->probe();
          break;
        default:
          log::warning("the master sent a message that is not for a ledger");
      }
    }
  }

  LedgerStart start_;
  LedgerContext context_;
  chat::LedgerRegionView region_;
  shm::LogRingWriter ring_;
  shm::NameTableWriter users_;
  StateMachine state_;
  RoomTable rooms_;
  BanBook bans_;
  shm::DoorbellReader bell_;
  os::Poller poller_;
  PublishedMark mark_;
  std::optional<Archive> archive_;
  std::optional<Sequencer> sequencer_;
  std::optional<StoreWriter> writer_;
  std::optional<RequestDesk> desk_;
  bool stopping_ = false;
  bool orphaned_ = false;
};

// Each group commit takes some pages of memory and gives them back: they stay with the process, and it grows in large
// steps. With the allocator's own ways that was three system calls and the page faults after them in each group.
void keep_freed_memory() noexcept {
  constexpr int kKeptBytes = 32 * 1024 * 1024;  // twice SQLite's cache of pages
  constexpr int kStepBytes = 1024 * 1024;
  ::mallopt(M_ARENA_MAX, 1);  // those of other threads grow by a page or two, whatever is asked for
  ::mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  ::mallopt(M_TOP_PAD, kStepBytes);
}

store::Store open_store(const LedgerStart& start) {
  const OpeningSign sign(start.control);
  return store::Store(start.data);
}

// Something that the machine is short of now, and nothing that the operator must mend.
bool is_shortage(const std::exception& error) noexcept {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  if (system == nullptr) return false;
  const std::error_code& code = system->code();
  return code == std::errc::not_enough_memory || code == std::errc::resource_unavailable_try_again ||
         code == std::errc::too_many_files_open || code == std::errc::too_many_files_open_in_system;
}

}  // namespace

int run_ledger(const LedgerStart& start, chat::SharedState& state) {
  log::start("ledger", start.log_level, start.log_format);
  keep_freed_memory();
  try {
    fault::point(fault::Point::LedgerAtStart);
    if (start.sandboxed)
      sandbox::enter(sandbox::Role::Ledger,
                     {.own = {start.data}, .readable = {kReadable.begin(), kReadable.end()}, .listener = -1});
    store::Store store = open_store(start);
    Ledger ledger(start, state, std::move(store));
    return ledger.serve();
  } catch (const store::SyncFailed& error) {
    log::alert("cannot serve: {}", error.what());
    static_cast<void>(chat::send_control(start.control, {ControlKind::Failed, 0, kExitCannotGoOn, error.what()}));
    std::_Exit(kExitSyncFailed);
  } catch (const std::exception& error) {
    const int code = is_shortage(error) ? kExitShort : kExitCannotGoOn;
    log::alert("cannot serve: {}", error.what());
    static_cast<void>(
        chat::send_control(start.control, {ControlKind::Failed, 0, static_cast<std::uint64_t>(code), error.what()}));
    return code;
  }
}

}  // namespace rookery::ledger
