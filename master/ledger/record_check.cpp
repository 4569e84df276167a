#include "master/ledger/record_check.h"

#include <algorithm>

#include "ipc/chat/history_exchange.h"
#include "ipc/shm/name_table.h"
#include "ipc/wire/command.h"
#include "ipc/wire/limits.h"

namespace rookery::ledger {

namespace {

using chat::RecordKind;

std::uint8_t flags_of(RecordKind kind) noexcept {
  switch (kind) {
    case RecordKind::Direct:
      return chat::kTargetIsGuest;
    case RecordKind::Leave:
      return chat::kSilent;
    case RecordKind::FetchHistory:
      return static_cast<std::uint8_t>(chat::HistoryOrder::Oldest);
    case RecordKind::FetchMissed:
      return static_cast<std::uint8_t>(chat::MissedWish::Count);
    default:
      return 0;
  }
}

bool is_spoken(std::string_view text) noexcept {
  return wire::is_valid_text(text) && text.size() <= wire::kMaxLineBytes && wire::is_valid_utf8(text);
}

// As libsodium writes it: printable ASCII.
bool is_hash(std::string_view text) noexcept {
  return !text.empty() && text.size() <= shm::kNameTableValueBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool are_topics(std::string_view text) noexcept {
  const auto topics = chat::decode_missed_topics(text);
  return topics && std::all_of(topics->rooms.begin(), topics->rooms.end(),
                               [](const auto& room) { return wire::is_valid_room(room.name); });
}

// A line's part; that it is JSON matters to nobody but the worker that asks.
bool is_request_id(std::string_view id) noexcept {
  return id.size() <= wire::kMaxLineBytes && id.find_first_of(std::string_view("\n\0", 2)) == id.npos &&
         wire::is_valid_utf8(id);
}

}  // namespace

std::string_view what_is_wrong(const chat::Record& record) noexcept {
  const chat::RecordHeader& header = record.header;
  if ((header.flags & ~flags_of(header.kind)) != 0) return "a record with flags that its kind does not have";
  if (header.op >= wire::kOpCount) return "a record in answer to no command";
  if (!is_request_id(record.id)) return "a record with a request id that no client can send";

  constexpr std::string_view kBadName = "a record of somebody with a name that nobody can have";
  constexpr std::string_view kBadRoom = "a record about a room with a name that no room can have";
  constexpr std::string_view kBadText = "a record with a text that no client can send";
  constexpr std::string_view kTooMuch = "a record with more in it than its kind has";
  const bool named = wire::is_valid_name(record.name);
  const bool in_room = wire::is_valid_room(record.target_name);
  switch (header.kind) {
    case RecordKind::Say:
      return !named ? kBadName : !in_room ? kBadRoom : !is_spoken(record.text) ? kBadText : std::string_view();
    case RecordKind::Broadcast:
      if (!record.target_name.empty()) return kTooMuch;
      return !named ? kBadName : !is_spoken(record.text) ? kBadText : std::string_view();
    case RecordKind::Direct:
      if (!named || !wire::is_valid_name(record.target_name)) return kBadName;
      return !is_spoken(record.text) ? kBadText : std::string_view();
    case RecordKind::Register:
      if (!record.target_name.empty()) return kTooMuch;
      if (!named || wire::is_reserved_name(record.name)) return kBadName;
      return !is_hash(record.text) ? "a record of an account without a password hash" : std::string_view();
    case RecordKind::Join:
    case RecordKind::Leave: {
      if (!record.text.empty()) return kTooMuch;
      // A loop that has forgotten the room already leaves it by its number.
      const bool nameless = header.kind == RecordKind::Leave && record.target_name.empty();
      return !named ? kBadName : !in_room && !nameless ? kBadRoom : std::string_view();
    }
    case RecordKind::ReserveClients:
      return record.name.empty() && record.target_name.empty() && record.text.empty() ? std::string_view() : kTooMuch;
    case RecordKind::FetchHistory:
      if (!record.name.empty() || !record.text.empty()) return kTooMuch;
      return in_room || record.target_name == wire::kEverybody ? std::string_view() : kBadRoom;
    case RecordKind::FetchMissed:
      if (!record.name.empty() || !record.target_name.empty()) return kTooMuch;
      return are_topics(record.text) ? std::string_view() : kBadRoom;
    case RecordKind::None:
    case RecordKind::Notice:
    case RecordKind::ChangeAccount:
    case RecordKind::ChangeBan:
      break;
  }
  return "a record of a kind that workers do not make";
}

}  // namespace rookery::ledger
