// master/ledger/operator_changes.cpp: the records that the ledger makes because the operator wants them.
#include <algorithm>
#include <string>

#include "ipc/os/errors.h"
#include "ipc/shm/name_table.h"
#include "ipc/wire/error_code.h"
#include "master/ledger/ban_book.h"
#include "master/ledger/sequencer.h"

namespace rookery::ledger {

Sequencer::AccountVerdict Sequencer::change_account(const AccountRequest& request, shm::Position& end) {
  note_slowest_reader();
  if (!room_for(chat::kMaxRecordBytes)) return AccountVerdict::NoRoom;
  time_ms_ = std::max(time_ms_, context_.calendar.date_ms());
  chat::Record record;
  record.header.slot = ~0U;
  record.name = request.name;
  record.text = request.hash;
  if (!request.change) {
    record.header.kind = chat::RecordKind::Register;
    decide_registration(record);
    if (record.header.outcome == 1 + static_cast<unsigned>(wire::ErrorCode::NameTaken))
      return AccountVerdict::NameTaken;
    if (record.header.outcome != 0) return AccountVerdict::Full;
  } else {
    const shm::NameTableEntry* user = users_.find(request.name);
    if (user == nullptr) return AccountVerdict::NoSuchName;
    record.header.kind = chat::RecordKind::ChangeAccount;
    record.header.flags = static_cast<std::uint8_t>(*request.change);
    record.header.target = user->id;
    record.name = user->name_view();
  }
  append(record);
  if (!request.change) note_pending_name(request.name);
  publish();
  end = ring_.end();
  return AccountVerdict::Published;
}

Sequencer::BanVerdict Sequencer::change_ban(const BanRequest& request, shm::Position& end) {
  note_slowest_reader();
  if (!room_for(chat::kMaxRecordBytes)) return BanVerdict::NoRoom;
  chat::Record record;
  record.header.kind = chat::RecordKind::ChangeBan;
  record.header.flags = static_cast<std::uint8_t>(request.change);
  record.header.slot = ~0U;
  // By the date, not by the record's time: that goes on from the latest date there ever was, though it was a wrong one.
  const std::int64_t date_ms = context_.calendar.date_ms();
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
  const bool is_banned = BanBook::find_in(region_, *ban).has_value();
  if (request.change == chat::BanChange::Lift && !is_banned) return BanVerdict::NotBanned;
  if (request.change == chat::BanChange::Ban && !is_banned &&
      region_.header().bans.load(std::memory_order_relaxed) >= chat::kMaxBans)
    return BanVerdict::Full;
  time_ms_ = std::max(time_ms_, date_ms);
  append(record);
  publish();
  end = ring_.end();
  return BanVerdict::Published;
}

}  // namespace rookery::ledger
