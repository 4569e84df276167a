// worker/session/session.h
//
// One client's connection as its event loop knows it. What must outlive the worker lies in the session block
// (ipc/chat/session_block.h); here is what a successor would make anew: the descriptor, topics, and what the session
// waits for.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "ipc/chat/ledger_region.h"
#include "ipc/chat/session_block.h"
#include "ipc/chat/source_address.h"
#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/wire/dialect.h"
#include "worker/limits/line_meter.h"
#include "worker/session/item_source.h"
#include "worker/session/topic_list.h"

namespace rookery::worker {

inline constexpr std::uint16_t kNoRoom = 0xffff;
static_assert(chat::kMaxRooms <= kNoRoom);

// Whether the line at the start of the input was counted by the client's meter: it may be looked at more than once.
enum class LineFee : std::uint32_t { Open, Paid, Refused };

// The order is that of use: what a delivery looks at lies together. One for each connection, so its size counts.
struct Session {
  os::FileDescriptor socket;
  std::uint32_t index = 0;    // of the block, and of this object
  std::uint64_t visited = 0;  // the newest flush that dealt with it
  chat::SessionBlock* block = nullptr;
  std::uint64_t client = 0;           // as in the block; 0: the place is free
  TopicList topics;                   // whose messages it gets
  std::unique_ptr<ItemSource> items;  // a reply of many items under way
  chat::SessionStream stream;         // our copy of block->stream; Delivery::commit() writes it through

  LineMeter meter;
  std::uint16_t in_flight = 0;           // records in the outbox or the log whose reply is to come
  std::uint16_t line_bytes = 0;          // of the command under way, still at the start of the input
  std::uint16_t scanned_bytes = 0;       // of the input, known to hold no line's end
  std::uint16_t wiped_bytes = 0;         // at the start of the input buffer, overwritten since they were consumed
  std::uint16_t leaving_room = kNoRoom;  // its leave is in the outbox or the log: not to be left twice
  os::CoarseMoment stalled_since;        // behind or lingering, without progress
  os::CoarseMoment opened_at;
  os::CoarseMoment last_line_at;  // or opened_at

  std::uint32_t interest : 3 = 0;  // the epoll events registered, of EPOLLIN and EPOLLOUT
  LineFee fee : 2 = LineFee::Open;
  bool busy : 1 = false;                // a command is under way on the pool, in the archive, at a barrier
  bool membership_pending : 1 = false;  // a join or leave is in flight: what follows must see its outcome
  bool hurried : 1 = false;             // told to go: it gets little time for its last words
  bool watched : 1 = false;      // its socket is waited for; not before its duplicate is on its way to the master
  bool uncommitted : 1 = false;  // own output was added that the block does not know of
  bool blocked : 1 = false;      // the socket takes no more
  bool dirty : 1 = false;        // has output of its own that was not offered to the socket yet
  bool rests : 1 = false;        // its item source goes on in the next turn
  bool reads_ring : 1 = false;   // see Delivery::read_ring()
  bool at_record : 1 = false;    // then: a record begins where it stands
  bool skips_ring : 1 = false;   // then: what it has not had is counted, not given
  bool want_input : 1 = true;
  bool line_waits : 1 = false;        // the next line is there; resume() follows when it may be carried out
  bool resuming : 1 = false;          // is in the list of those whose input is looked at again
  bool doomed : 1 = false;            // closed at the end of this turn
  bool lingering : 1 = false;         // our side is shut, the rest of the input is passed over
  bool in_address_count : 1 = false;  // counted in the region's table of addresses
  bool had_line : 1 = false;          // has sent a whole line
  bool metered : 1 = false;           // its lines are counted

  // What epoll knows it by: the client too, so that an event meant for a predecessor in this place is recognised.
  [[nodiscard]] std::uint64_t token() const noexcept { return (client << 32) | index; }
  // REQUIRES: open().
  [[nodiscard]] chat::SourceAddress address() const noexcept {
    return {{block->address[0].load(std::memory_order_relaxed), block->address[1].load(std::memory_order_relaxed)}};
  }
  [[nodiscard]] bool open() const noexcept { return client != 0 && !doomed; }
  [[nodiscard]] bool behind() const noexcept { return has(chat::kBehind); }
  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (stream.flags & flag) != 0; }
  void set(std::uint8_t flag, bool on) noexcept {
    stream.flags = static_cast<std::uint8_t>(on ? stream.flags | flag : stream.flags & ~flag);
  }
  [[nodiscard]] wire::DialectId dialect_id() const noexcept { return static_cast<wire::DialectId>(stream.dialect); }
  [[nodiscard]] const wire::Dialect& dialect() const noexcept { return wire::dialect(dialect_id()); }
  [[nodiscard]] bool has_own_output() const noexcept { return stream.output_head != chat::kNoBuffer; }
};

// "alice", or "guest12". The view lives as long as `login` and `buffer`.
struct GuestName {
  char text[32];
};
[[nodiscard]] std::string_view display_name(const chat::SessionLogin& login, std::uint64_t client, GuestName& buffer);

}  // namespace rookery::worker
