// master/ledger/operator_changes.cpp: the records that the ledger makes because the operator wants them.
#include <algorithm>
#include <string>

#include "ipc/os/errors.h"
#include "ipc/shm/name_table.h"
#include "master/ledger/ban_book.h"
#include "master/ledger/sequencer.h"

namespace rookery::ledger {

Sequencer::AccountVerdict Sequencer::change_account(const AccountRequest& request, shm::Position& end) {
  publisher_.begin_batch();
  if (!publisher_.has_room()) return AccountVerdict::NoRoom;
  const auto kind = request.change ? chat::RecordKind::ChangeAccount : chat::RecordKind::Register;
  chat::Record record = own_record(kind, context_.calendar.date_ms());
  record.name = request.name;
  record.text = request.hash;
  if (request.change) {
    // As it was registered; what was published before is in the table: one change is made at a time.
    const shm::NameTableEntry* user = users_.find(request.name);
    if (user == nullptr || !state_.accounts().find(request.name)) return AccountVerdict::NoSuchName;
    record.name = user->name_view();
    record.header.flags = static_cast<std::uint8_t>(*request.change);
  } else {
    if (state_.accounts().find(request.name)) return AccountVerdict::NameTaken;
    if (!Intake::has_place_for_account(users_)) return AccountVerdict::Full;
  }
  order_.offer(record);
  publish();
  end = publisher_.end();
  return AccountVerdict::Published;
}

Sequencer::BanVerdict Sequencer::change_ban(const BanRequest& request, shm::Position& end) {
  publisher_.begin_batch();
  if (!publisher_.has_room()) return BanVerdict::NoRoom;
  const std::int64_t date_ms = context_.calendar.date_ms();
  chat::Record record = own_record(chat::RecordKind::ChangeBan, date_ms);
  record.header.flags = static_cast<std::uint8_t>(request.change);
  // By the date, not by the record's time: that goes on from the latest date there ever was, though it was a wrong one.
  if (request.lasts.count() != 0)
    record.header.members = static_cast<std::uint64_t>(std::max(date_ms + request.lasts.count(), std::int64_t{1}));
  record.text = request.reason;
  const std::string target = request.target();
  record.name = target;
  if (!request.mask) {
    const shm::NameTableEntry* user = users_.find(request.name);
    if (user == nullptr) return BanVerdict::NoSuchAccount;
    record.header.target = user->id;
    record.name = user->name_view();
  }
  // What was published before is in the table: one change is made at a time.
  const auto ban = ban_of(record);
  ROOKERY_INVARIANT(ban.has_value());
  const bool is_banned = BanBook::find_in(context_.region(), *ban).has_value();
  if (request.change == chat::BanChange::Lift && !is_banned) return BanVerdict::NotBanned;
  if (request.change == chat::BanChange::Ban && !is_banned &&
      context_.region().header().bans.load(std::memory_order_relaxed) >= chat::kMaxBans)
    return BanVerdict::Full;
  order_.offer(record);
  publish();
  end = publisher_.end();
  return BanVerdict::Published;
}

}  // namespace rookery::ledger
