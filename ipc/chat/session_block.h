// ipc/chat/session_block.h
//
// All that a successor needs to carry a connection on when its worker dies: who is logged in, rooms, dialect, position
// in the log, input not yet parsed, output not yet taken by the kernel. The connection code works on these blocks from
// the first byte on; nothing of the kind is kept on the heap alone.
//
// Who may write   The event loop that owns the connection; the block lies in its worker's region. Others read client,
//                 login and since (for `list`), the ledger who is open.
// When the worker dies  every block is as it was after the last committed change, with the loop's journal at hand
//                 (ipc/shm/journal.h); `state` says whether there is a connection at all.
// Size            There is one for each connection, idle or not: docs/performance.md has the account of its bytes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "ipc/shm/journal.h"
#include "ipc/shm/name_table.h"

namespace rookery::chat {

enum class SessionState : std::uint32_t { Free = 0, Open = 1 };

// Who is logged in, as the user table has it (see login_of()).
struct SessionLogin {
  std::uint64_t account = 0;  // 0: a guest
  std::uint32_t name_bytes = 0;
  std::array<char, 32> name{};

  [[nodiscard]] std::string_view name_view() const noexcept {
    return {name.data(), name_bytes <= name.size() ? name_bytes : 0};
  }
};

inline constexpr std::uint32_t kNoBuffer = 0;  // buffers are numbered from 1

enum SessionFlags : std::uint8_t {
  kDiscardingLine = 1,  // inside a line that was reported as too long
  kPresenceOn = 2,
  kInputEnded = 4,    // the peer sends no more
  kClosing = 8,       // close once the output is out
  kBehind = 16,       // has not had all of the log: log_cursor says exactly where delivery stopped
  kHasLoggedIn = 32,  // once at least, whoever it is now
};

// Changes with every command and every read and write: one commit for all of it. At every commit this is true:
//   what the client must still get is the chain of output buffers, then what it listens to in the log from log_cursor
//   on; the first byte of that is number `written_bytes` of the connection;
//   what it has sent is consumed, or lies in [input_begin, input_end) of the input buffer; number `received_bytes` of
//   the connection, if it has come, lies at input_end.
// So whoever knows from the kernel how many bytes were taken and given knows where to go on.
struct SessionStream {
  std::uint64_t received_bytes = 0;        // taken from the socket, by our count
  std::uint64_t written_bytes = 0;         // given to the socket, by our count
  std::uint64_t log_cursor = 0;            // the log is delivered up to here, or, unless kBehind, to the loop's
                                           // log_position if that is further
  std::uint64_t outbox_number = 0;         // of the newest record this client's commands put into the outbox of `slot`
  std::uint64_t answered_number = 0;       // of the newest of those that was answered
  std::uint32_t input_buffer = kNoBuffer;  // holds [input_begin, input_end): bytes not yet consumed by a command
  std::uint16_t input_begin = 0;
  std::uint16_t input_end = 0;
  std::uint32_t output_head = kNoBuffer;  // chain of buffers with replies the kernel has not taken; they go out
  std::uint32_t output_tail = kNoBuffer;  // before anything of the log from log_cursor on
  std::uint16_t output_begin = 0;         // first byte in the head
  std::uint16_t output_end = 0;           // end of the bytes in the tail
  std::uint16_t slot = 0;                 // of the loop in whose outbox outbox_number counts
  std::uint8_t flags = 0;
  std::uint8_t dialect = 0;  // wire::DialectId
  // A command that is under way (a hash on the pool, a long list) stays in the input until its reply is queued: a
  // successor begins it again, and goes on after the items that were queued already.
  std::uint64_t items_next = 0;      // list, rooms: where to look next; history, resume: the newest seq given
  std::uint32_t items_given = 0;     // how many
  std::uint32_t items_promised = 0;  // resume: 1 + how many its reply told, once that is queued
  // A resume that is done: 1 + the seq from which on the client has had all of what it listens to; 0: that is written
  // to the `had_from` of each topic already. A successor writes it there before anything else.
  std::uint64_t had_all_from = 0;
  std::uint32_t user = 0;    // who is logged in: 1 + the number of the user table's entry; 0: a guest
  std::uint32_t missed = 0;  // messages before log_cursor that were passed over and not told yet
};
static_assert(sizeof(SessionStream) == 96);

inline constexpr std::uint32_t kInlineRooms = 3;

// A room the client is in, and its `had_from`: the client has had, or will be given as it comes, every message of the
// room with a greater seq. At first that is the newest seq when it came in; `resume` sets it back. One word, so that it
// changes as one: seq << 14 | id. 50 bits of seq are a million messages a second for 35 years.
struct SessionRoom {
  static constexpr int kIdBits = 14;

  std::uint32_t id = 0;
  std::uint64_t had_from = 0;

  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    return had_from << kIdBits | (id & ((1U << kIdBits) - 1));
  }
  [[nodiscard]] static constexpr SessionRoom unpack(std::uint64_t word) noexcept {
    return {static_cast<std::uint32_t>(word & ((1U << kIdBits) - 1)), word >> kIdBits};
  }
};

// The rooms the client is in besides the lobby. The first kInlineRooms lie here, the rest in `overflow`.
struct SessionRooms {
  std::atomic<std::uint32_t> count;  // add: a word is written before the count; remove: the last one moves into the gap
  std::atomic<std::uint32_t> overflow;                         // a buffer of such words, or kNoBuffer
  std::array<std::atomic<std::uint64_t>, kInlineRooms> words;  // packed SessionRooms
};

// The same number for what is no room: see SessionRoom. Each means something only while the client listens to that.
struct SessionHadFrom {
  static constexpr std::uint64_t kNever = ~0ULL;

  std::atomic<std::uint64_t> everybody;  // broadcasts; kNever: the session does not listen to the chat yet
  std::atomic<std::uint64_t> lobby;
  std::atomic<std::uint64_t> account;  // direct messages, since the newest login
};

struct SessionBlock {
  std::atomic<std::uint32_t> state;  // SessionState; Open is released after the rest is set
  std::atomic<std::uint16_t> port;
  std::atomic<std::uint16_t> in_lobby;
  std::atomic<std::uint64_t> client;                  // never changes while Open
  std::atomic<std::int64_t> since_ms;                 // since 1970
  std::atomic<std::uint64_t> messages;                // asked to be sent by this client
  std::array<std::atomic<std::uint64_t>, 2> address;  // IPv6, or IPv4-mapped, in network order
  shm::JournaledValue<SessionStream> stream;          // its place in the journal is the block's index
  SessionRooms rooms;
  SessionHadFrom had_from;
};
static_assert(sizeof(SessionBlock) == 208, "drawn in docs/shared-memory.md");

using SessionJournal = shm::Journal<SessionStream>;

// Whoever the user table has there; a guest where it has nobody, whatever the number is.
[[nodiscard]] SessionLogin login_of(const shm::NameTableReader& users, std::uint32_t user) noexcept;

}  // namespace rookery::chat
