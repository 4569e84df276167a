// ipc/chat/record.h
//
// The records that pass from an event loop to the ledger (through the loop's outbox) and back to every loop (through
// the log ring). One format for both ways: a loop fills in what a client asks for, the ledger adds number, time, origin
// and outcome. docs/shared-memory.md draws it.
//
// Bytes   RecordHeader, then name, target_name, text and id, one behind the other, with the lengths the header gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace rookery::chat {

enum class RecordKind : std::uint8_t {
  None = 0,
  Say = 1,             // to a room: room (id), target_name (its name), text. Durable.
  Broadcast = 2,       // to everybody: text. Durable.
  Direct = 3,          // to one person: target (account id; or a guest's client id, with the slot in
                       // room and its session block in members), target_name, text. Durable.
  Register = 4,        // name, text = password hash; published with target = account id, or refused. Durable.
  Join = 5,            // target_name = room; published with room (id) and members
  Leave = 6,           // room (id), target_name = room; published with members
  Notice = 7,          // text from the server to everybody; only the ledger makes it
  ReserveClients = 8,  // members = how many client ids; published with target = the first. Durable.
  FetchHistory = 9,    // see ipc/chat/history_exchange.h; never published
  FetchMissed = 10,    // likewise
  ChangeAccount = 11,  // of account `target`, called `name`: flags say what, text = the new password hash; only the
                       // ledger makes it. Durable.
  ChangeBan = 12,      // name = the account's, or a mask (ipc/chat/address_mask.h); target = account id, 0: a mask;
                       // flags say what, members = until when, in ms since 1970, 0: for ever, text = the reason;
                       // only the ledger makes it. Durable.
};

// Records of durable kinds have a number of their own in the epoch's sequence and are kept in the store, unless the
// ledger refused them; the others are not numbered: their seq is that of the newest numbered record before them.
[[nodiscard]] bool is_durable(RecordKind kind) noexcept;
// Of what is in an outbox: does the ledger put it into the log? Questions to the store it does not.
[[nodiscard]] constexpr bool is_published(RecordKind kind) noexcept {
  return kind != RecordKind::FetchHistory && kind != RecordKind::FetchMissed;
}

inline constexpr RecordKind kLastRecordKind = RecordKind::ChangeBan;

// The flags of ChangeAccount.
enum class AccountChange : std::uint8_t { Password = 1, Lock = 2, Unlock = 3, Remove = 4 };

// The flags of ChangeBan.
enum class BanChange : std::uint8_t { Ban = 1, Lift = 2 };

enum RecordFlags : std::uint8_t {
  kTargetIsGuest = 1,  // Direct: target is a client id, not an account
  kSilent = 2,         // Leave: nobody waits for a reply (the client has gone)
  kPresence = 4,       // Join, Leave: published for those who want to know; the ledger decides by the room's size
};

struct RecordHeader {
  RecordKind kind = RecordKind::None;
  std::uint8_t flags = 0;
  std::uint8_t outcome = 0;   // published: 0, or 1 + wire::ErrorCode of a request the ledger refused
  std::uint8_t op = 0;        // wire::Op of the request, for its reply
  std::uint32_t session = 0;  // the asking client's session block, in its loop's array
  std::uint64_t client = 0;   // who asks
  std::uint64_t account = 0;  // 0: a guest
  std::uint64_t target = 0;
  std::uint64_t seq = 0;            // published: the number in the epoch
  std::int64_t time_ms = 0;         // published: since 1970, never decreases
  std::uint64_t slot_epoch = 0;     // origin: the life of the slot,
  std::uint64_t outbox_number = 0;  //         and the record's number in its outbox; 0 when the ledger made it
  std::uint32_t slot = 0;           //         and the loop's slot
  std::uint32_t room = 0;
  std::uint64_t members = 0;
  std::uint32_t text_bytes = 0;
  std::uint16_t id_bytes = 0;  // JSON text of the request's id
  std::uint8_t name_bytes = 0;
  std::uint8_t target_name_bytes = 0;
};
static_assert(sizeof(RecordHeader) == 88, "drawn in docs/shared-memory.md");

// REQUIRES: the record is published.
[[nodiscard]] inline bool is_numbered(const RecordHeader& header) noexcept {
  return header.outcome == 0 && is_durable(header.kind);
}

inline constexpr std::uint32_t kLobbyRoom = 0;  // the room in which everybody is

// A record as it lies in a buffer; the views live as long as the buffer.
struct Record {
  RecordHeader header;
  std::string_view name;
  std::string_view target_name;
  std::string_view text;
  std::string_view id;
};

// Replaces the contents of `out` with the record's bytes. The lengths in `record.header` are ignored: the views count.
// REQUIRES: each view fits its length field.
void encode_record(const Record& record, std::vector<std::byte>& out);

// Empty when the bytes are no record: kind unknown or lengths that do not add up. Trusts nothing.
[[nodiscard]] std::optional<Record> decode_record(std::span<const std::byte> bytes) noexcept;

// Writes `header` over the start of an encoded record; the lengths must be the same.
void patch_header(std::span<std::byte> bytes, const RecordHeader& header) noexcept;

// The largest record a client can cause: a line's worth of text and id, JSON escapes only shrink.
inline constexpr std::size_t kMaxRecordBytes = sizeof(RecordHeader) + 64 + 2 * 8192;

}  // namespace rookery::chat
