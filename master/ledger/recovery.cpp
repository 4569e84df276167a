#include "master/ledger/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"

namespace rookery::ledger {

namespace {

// Calls visit(record, end position) for all records from `begin` to the committed end.
template <class Visit>
void for_each_record(const LedgerContext& context, shm::Position begin, Visit visit) {
  shm::LogRingReader reader = context.ring_reader();
  reader.seek(begin);
  std::vector<std::byte> bytes;
  for (;;) {
    const shm::ReadResult result = reader.read(bytes);
    if (result == shm::ReadResult::Empty) return;
    const auto record = result == shm::ReadResult::Record ? chat::decode_record(bytes) : std::nullopt;
    if (!record) throw std::runtime_error("the log ring holds what is no record; restart the server");
    visit(*record, reader.position());
  }
}

std::uint64_t store_the_rest(const LedgerContext& context, store::Store& store) {
  std::uint64_t stored = 0;
  if (!store.begin()) throw store::StoreError(store.error());
  for_each_record(context, context.ring_header().durable_end.load(std::memory_order_relaxed),
                  [&](const chat::Record& record, shm::Position) {
                    if (!chat::is_numbered(record.header) || record.header.seq <= store.state().last_seq) return;
                    if (!store.add(record)) throw store::StoreError(store.error());
                    ++stored;
                  });
  if (!store.commit()) throw store::StoreError(store.error());
  return stored;
}

void load_users(const store::Store& store, Accounts& accounts, shm::NameTableWriter& users) {
  std::vector<std::uint64_t> ids;  // in order
  store.for_each_account([&](const store::StoredAccount& account) {
    ids.push_back(account.id);
    accounts.set(account.name, account.id);
    const auto hash = std::as_bytes(std::span(account.password_hash));
    const shm::InsertResult result = users.make_so(
        account.name, account.id, hash.first(std::min(hash.size(), shm::kNameTableValueBytes)), account.locked);
    if (result == shm::InsertResult::Full || result == shm::InsertResult::NoMemory)
      throw std::runtime_error("not enough shared memory for the user table");
  });
  // Those that were removed, and a predecessor died before it said so.
  if (users.reader().count() > ids.size())
    users.end_unless([&ids](std::uint64_t id) { return std::binary_search(ids.begin(), ids.end(), id); });
}

// A ban that is stored and not in force is one that lets somebody in: the start is refused.
void load_bans(const store::Store& store, std::int64_t ended_by_ms, BanBook& book) {
  std::vector<chat::Ban> bans;
  for (const store::StoredBan& stored : store.bans(ended_by_ms)) {
    chat::Ban ban = chat::Ban::of_account(stored.account);
    if (stored.account == 0) {
      const auto mask = chat::AddressMask::parse(stored.mask);
      if (!mask)
        throw store::StoreError(fmt::format(
            "the store's table of bans has a mask that is no address: {}; remove that row with sqlite3 rookery.db, or "
            "restore a backup",
            stored.mask));
      ban = chat::Ban::of_addresses(*mask);
    }
    ban.until_ms = stored.until_ms;
    ban.set_reason(stored.reason);
    bans.push_back(ban);
  }
  if (book.replace_all(bans) != BanBook::Applied::Done)
    throw std::runtime_error("not enough shared memory for the bans");
  book.note_change();
  static_cast<void>(book.publish());
}

}  // namespace

std::uint64_t recover(LedgerContext& context, store::Store& store, StateMachine& state, RoomTable& rooms,
                      shm::NameTableWriter& users, BanBook& bans) {
  const std::uint64_t records_stored = store_the_rest(context, store);
  fault::point(fault::Point::LedgerInRecovery);
  load_users(store, state.accounts(), users);
  load_bans(store, context.calendar.ended_by_ms(), bans);
  const store::StoreState& stored = store.state();
  state.restore({.last_seq = stored.last_seq,
                 .next_client = stored.next_client,
                 .next_account = stored.next_account,
                 .last_time_ms = stored.last_time_ms});
  rooms.restore(state.rooms());

  const chat::LedgerRegionView region = context.region();
  for_each_record(context, region.header().applied_end.load(std::memory_order_relaxed),
                  [&](const chat::Record& record, shm::Position end) {
                    const chat::RecordHeader& header = record.header;
                    if (header.outbox_number != 0 && header.slot < context.shared.slots()) {
                      auto& taken = region.slot(header.slot).outbox_taken;
                      if (taken.load(std::memory_order_relaxed) < header.outbox_number)
                        taken.store(header.outbox_number, std::memory_order_release);
                    }
                    state.replay(record, end);
                  });
  rooms.follow(state.rooms());

  shm::LogRingHeader& ring = context.ring_header();
  const shm::Position end = ring.committed_end.load(std::memory_order_relaxed);
  region.header().applied_end.store(end, std::memory_order_release);
  region.header().pruned_to.store(std::max(stored.pruned_to, region.header().pruned_to.load(std::memory_order_relaxed)),
                                  std::memory_order_seq_cst);
  region.header().newest_seq.store(stored.last_seq, std::memory_order_release);
  ring.durable_end.store(end, std::memory_order_seq_cst);  // durable
  region.header().store_failing.store(0, std::memory_order_seq_cst);
  // All clients may be waiting for just this: then nobody else would wake their loops before their time-out.
  for (shm::DoorbellRinger& loop : context.loop_ringers()) loop.ring_if_asleep();
  return records_stored;
}

}  // namespace rookery::ledger
