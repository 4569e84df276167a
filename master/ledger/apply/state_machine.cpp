#include "master/ledger/apply/state_machine.h"

#include <algorithm>

#include "ipc/os/errors.h"
#include "ipc/wire/error_code.h"

namespace rookery::ledger {

namespace {

// A room's members are told of joins and leaves only up to this size: a thousand joins must not cost a million events.
constexpr std::uint64_t kPresenceMembers = 256;
constexpr std::uint64_t kMostClientsAtOnce = 65536;

void refuse(chat::RecordHeader& header, wire::ErrorCode code) noexcept {
  header.outcome = wire::outcome_of(code);
}

void note_presence(chat::RecordHeader& header) noexcept {
  header.flags = static_cast<std::uint8_t>(header.flags & ~chat::kPresence);
  if (header.room != chat::kLobbyRoom && header.members <= kPresenceMembers) header.flags |= chat::kPresence;
}

}  // namespace

void StateMachine::apply(chat::Record& record) {
  chat::RecordHeader& header = record.header;
  counters_.last_time_ms = std::max(counters_.last_time_ms, header.time_ms);
  header.time_ms = counters_.last_time_ms;
  if (header.outcome == 0) decide(record);
  if (chat::is_numbered(header)) ++counters_.last_seq;
  header.seq = counters_.last_seq;
}

void StateMachine::decide(chat::Record& record) {
  switch (record.header.kind) {
    case chat::RecordKind::Say:
    case chat::RecordKind::Broadcast:
    case chat::RecordKind::Direct:
    case chat::RecordKind::Notice:
    case chat::RecordKind::ChangeBan:
      return;
    case chat::RecordKind::Register:
      return register_account(record);
    case chat::RecordKind::ChangeAccount:
      return change_account(record);
    case chat::RecordKind::Join:
      return join(record);
    case chat::RecordKind::Leave:
      return leave(record);
    case chat::RecordKind::ReserveClients:
      return reserve_clients(record.header);
    case chat::RecordKind::None:
    case chat::RecordKind::FetchHistory:
    case chat::RecordKind::FetchMissed:
      break;
  }
  ROOKERY_INVARIANT(false);
}

void StateMachine::register_account(chat::Record& record) {
  if (accounts_.find(record.name)) return refuse(record.header, wire::ErrorCode::NameTaken);
  if (accounts_.count() >= limits_.accounts) return refuse(record.header, wire::ErrorCode::ServerFull);
  record.header.target = counters_.next_account++;
  accounts_.set(record.name, record.header.target);
}

void StateMachine::change_account(chat::Record& record) {
  const auto id = accounts_.find(record.name);
  if (!id) return refuse(record.header, wire::ErrorCode::NoSuchName);
  record.header.target = *id;
  if (static_cast<chat::AccountChange>(record.header.flags) == chat::AccountChange::Remove)
    accounts_.remove(record.name, *id);
}

void StateMachine::join(chat::Record& record) {
  const auto joined = rooms_.join(record.target_name);
  if (!joined) return refuse(record.header, wire::ErrorCode::ServerFull);
  record.header.room = joined->room;
  record.header.members = joined->members;
  record.target_name = rooms_.name(joined->room);
  note_presence(record.header);
}

void StateMachine::leave(chat::Record& record) {
  const auto members = rooms_.leave(record.header.room);
  record.header.members = members.value_or(0);
  if (!members) return;
  record.target_name = rooms_.all()[record.header.room].name;
  note_presence(record.header);
}

void StateMachine::reserve_clients(chat::RecordHeader& header) noexcept {
  header.target = counters_.next_client;
  header.members = std::min(header.members, kMostClientsAtOnce);
  counters_.next_client += header.members;
}

void StateMachine::replay(const chat::Record& record, std::uint64_t position) {
  const chat::RecordHeader& header = record.header;
  counters_.last_seq = std::max(counters_.last_seq, header.seq);
  counters_.last_time_ms = std::max(counters_.last_time_ms, header.time_ms);
  if (header.outcome != 0) return;
  switch (header.kind) {
    case chat::RecordKind::Register:
      counters_.next_account = std::max(counters_.next_account, header.target + 1);
      accounts_.set(record.name, header.target);
      break;
    case chat::RecordKind::ChangeAccount:
      if (static_cast<chat::AccountChange>(header.flags) == chat::AccountChange::Remove)
        accounts_.remove(record.name, header.target);
      break;
    case chat::RecordKind::ReserveClients:
      counters_.next_client = std::max(counters_.next_client, header.target + header.members);
      break;
    case chat::RecordKind::Join:
    case chat::RecordKind::Leave:
      rooms_.replay(header.room, record.target_name, header.members, position);
      break;
    default:
      break;
  }
}

}  // namespace rookery::ledger
