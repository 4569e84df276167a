// worker/session/session.h
//
// One client's connection as its event loop knows it. What must outlive the worker lies in the session block
// (ipc/chat/session_block.h); here is what a successor would make anew: the descriptor, topics, and what the session
// waits for.
#pragma once

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "ipc/chat/session_block.h"
#include "ipc/chat/source_address.h"
#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/wire/dialect.h"
#include "worker/limits/line_meter.h"
#include "worker/limits/source.h"
#include "worker/session/item_source.h"

namespace rookery::worker {

class Topic;

inline constexpr std::uint32_t kNoRoom = ~0U;

// Whether the line at the start of the input was counted by the client's meter: it may be looked at more than once.
enum class LineFee : unsigned char { Open, Paid, Refused };

struct Session {
  os::FileDescriptor socket;
  chat::SessionBlock* block = nullptr;
  chat::SessionStream stream;  // our copy of block->stream; Delivery::commit() writes it through
  std::uint64_t client = 0;    // as in the block; 0: the place is free
  std::uint32_t index = 0;     // of the block, and of this object

  boost::container::small_vector<Topic*, 3> topics;  // whose messages it gets
  std::uint64_t visited = 0;                         // the newest flush that dealt with it

  std::uint64_t ring_until = 0;          // what it lacks of the log before this position is on no tape
  std::uint32_t interest = 0;            // the epoll events registered
  std::uint32_t in_flight = 0;           // records in the outbox or the log whose reply is to come
  std::uint32_t line_bytes = 0;          // of the command under way, still at the start of the input
  std::uint32_t scanned_bytes = 0;       // of the input, known to hold no line's end
  bool busy = false;                     // a command is under way on the pool, in the archive, at a barrier
  bool membership_pending = false;       // a join or leave is in flight: what follows must see its outcome
  std::uint32_t leaving_room = kNoRoom;  // its leave is in the outbox or the log: not to be left twice
  bool hurried = false;                  // told to go: it gets little time for its last words
  bool watched = false;      // its socket is waited for; not before its duplicate is on its way to the master
  bool uncommitted = false;  // own output was added that the block does not know of
  bool blocked = false;      // the socket takes no more
  bool dirty = false;        // has output of its own that was not offered to the socket yet
  bool rests = false;        // its item source goes on in the next turn
  bool want_input = true;
  bool line_waits = false;                    // the next line is there; resume() follows when it may be carried out
  bool resuming = false;                      // is in the list of those whose input is looked at again
  bool doomed = false;                        // closed at the end of this turn
  bool lingering = false;                     // our side is shut, the rest of the input is passed over
  std::string_view doomed_why;                // a literal, for the log
  os::Monotonic::time_point stalled_since{};  // behind or lingering, without progress
  std::unique_ptr<ItemSource> items;          // a reply of many items under way

  Source source;
  bool in_address_count = false;  // counted in the region's table of addresses
  bool had_line = false;          // has sent a whole line
  LineFee fee = LineFee::Open;
  std::uint32_t lines_per_second = 0;  // 0: any number
  LineMeter meter;
  os::Monotonic::time_point opened_at{};
  os::Monotonic::time_point last_line_at{};  // or opened_at

  // What epoll knows it by: the client too, so that an event meant for a predecessor in this place is recognised.
  [[nodiscard]] std::uint64_t token() const noexcept { return (client << 32) | index; }
  void commit() noexcept {
    block->stream.store(stream);
    uncommitted = false;
  }
  // REQUIRES: open().
  [[nodiscard]] chat::SourceAddress address() const noexcept {
    return {{block->address[0].load(std::memory_order_relaxed), block->address[1].load(std::memory_order_relaxed)}};
  }
  [[nodiscard]] bool open() const noexcept { return client != 0 && !doomed; }
  [[nodiscard]] bool behind() const noexcept { return has(chat::kBehind); }
  [[nodiscard]] bool has(std::uint16_t flag) const noexcept { return (stream.flags & flag) != 0; }
  void set(std::uint16_t flag, bool on) noexcept {
    stream.flags = static_cast<std::uint16_t>(on ? stream.flags | flag : stream.flags & ~flag);
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
