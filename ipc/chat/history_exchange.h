// ipc/chat/history_exchange.h
//
// How a loop asks the ledger for old messages (through its outbox) and gets them (through its inbox), a page at a time,
// so that neither side ever holds more than a page. A loop has at most one request under way; it asks again for what is
// missing of a page when the ledger's generation has changed.
#pragma once

#include <cstdint>

namespace rookery::chat {

// What one page may hold; the inbox has room for it and one message more.
inline constexpr std::uint32_t kHistoryPageMessages = 64;
inline constexpr std::uint32_t kHistoryPageBytes = 96 * 1024;

// The request is a Record of kind FetchHistory: target_name = room, and
//   members = how many messages, seq = only those below (0: no bound), target = only those above (0: no bound),
//   client = the request's number, flags = HistoryOrder.
enum class HistoryOrder : std::uint8_t {
  Newest = 0,  // the newest `members` of those in bounds (still delivered oldest first)
  Oldest = 1,  // the oldest ones: follow-up pages, and requests with `after`
};

// Inbox records start with this word pair; a Record follows where `kind` is Message.
enum class HistoryReplyKind : std::uint32_t {
  Message = 0,
  PageEnd = 1,     // ask for the rest with HistoryOrder::Oldest, above the last message's seq
  End = 2,         // that was all
  NoSuchRoom = 3,  // the store has no messages of the room; those given and `remaining` are broadcasts
  Failed = 4,      // the store could not be read
};

struct HistoryReplyHeader {
  std::uint64_t request = 0;
  HistoryReplyKind kind = HistoryReplyKind::End;
  std::uint32_t remaining = 0;  // how many messages are still to come
};
static_assert(sizeof(HistoryReplyHeader) == 16);

}  // namespace rookery::chat
