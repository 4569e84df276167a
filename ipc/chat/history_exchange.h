// ipc/chat/history_exchange.h
//
// How a loop asks the ledger for old messages (through its outbox) and gets them (through its inbox), a page at a time,
// so that neither side ever holds more than a page. A loop has at most one request under way; it asks again for what is
// missing of a page when the ledger's generation has changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// The other request is a Record of kind FetchMissed, for `resume`: messages to several rooms, to everybody and to one
// account, in the order of their numbers:
//   seq, target = bounds as above, client = the request's number, flags = MissedWish, text = an encoded MissedTopics.
// A page is a walk over all messages in bounds, of any room: the store has no index for direct messages. So it ends
// after so many looked at as well as after so many found, and says how far it came.
inline constexpr std::uint32_t kMissedPageRows = 8192;  // some 3 ms

enum class MissedWish : std::uint8_t {
  Messages = 0,
  Count = 1,  // how many there are
};

// What somebody listens to, each with the newest number that may be given: after it, it comes to them live.
struct MissedTopics {
  struct Room {
    std::string_view name;  // in any case
    std::uint64_t until = 0;
  };
  std::uint64_t broadcasts_until = 0;  // 0: none
  std::uint64_t account = 0;           // 0: nobody's direct messages
  std::uint64_t account_until = 0;
  std::vector<Room> rooms;
};
// Bytes: broadcasts_until, account, account_until (8 each), then for each room `until` (8), the name's length (1) and
// the name. 128 rooms take 5,400: a third of what a record may have.
[[nodiscard]] std::string encode_missed_topics(const MissedTopics& topics);
// The views live as long as `bytes`. Empty when they don't add up. Trusts nothing.
[[nodiscard]] std::optional<MissedTopics> decode_missed_topics(std::string_view bytes);

// Inbox records start with this word pair; a Record follows where `kind` is Message.
enum class HistoryReplyKind : std::uint32_t {
  Message = 0,
  PageEnd = 1,     // ask for the rest with HistoryOrder::Oldest, above the last message's seq
  End = 2,         // that was all
  NoSuchRoom = 3,  // the store has no messages of the room; those given and `remaining` are broadcasts
  Failed = 4,      // the store could not be read
  MissedEnd = 5,   // of a page of missed messages; a MissedPageEnd follows
};

struct MissedPageEnd {
  std::uint64_t looked_to = 0;  // everything up to this number was looked at
  std::uint64_t found = 0;      // in this page
};
static_assert(sizeof(MissedPageEnd) == 16);

struct HistoryReplyHeader {
  std::uint64_t request = 0;
  HistoryReplyKind kind = HistoryReplyKind::End;
  std::uint32_t remaining = 0;  // how many messages are still to come
};
static_assert(sizeof(HistoryReplyHeader) == 16);

}  // namespace rookery::chat
