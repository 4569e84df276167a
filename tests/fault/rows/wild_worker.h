// tests/fault/rows/wild_worker.h
//
// What a worker that has run wild may do, done from outside by a test: to its own region through /proc/PID/mem, with
// its descriptors through duplicates of them.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "ipc/chat/control_message.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::system_test {

enum class Scribble {
  Noise,        // random words all over the outbox, and a tail that says there is something
  FarTail,      // a tail far beyond what the outbox holds
  BackTail,     // a tail before what was taken already
  LongRecord,   // a record that says it is longer than any
  BadSum,       // one that is right but for its checksum
  ForgedKind,   // one that is right in every way, of a kind that only the ledger makes
  ShortRecord,  // right, and too short to be a record
};
inline constexpr std::array kScribbles{Scribble::Noise,      Scribble::FarTail, Scribble::BackTail,
                                       Scribble::LongRecord, Scribble::BadSum,  Scribble::ForgedKind,
                                       Scribble::ShortRecord};
[[nodiscard]] const char* name_of(Scribble scribble) noexcept;

// Over the outbox of its first loop. REQUIRES: a server with --loops 1; `worker` stands still.
void scribble_over_outbox(pid_t worker, Scribble scribble, std::uint64_t seed);

enum class SessionDamage {
  Noise,  // random words all over a session's block, behind the client's id
  OneBit  // one of its bits is turned
};
// Over the block of the session that has this client. REQUIRES: a server with few --max-clients; `worker` stands still.
void scribble_over_session(pid_t worker, std::uint64_t client, SessionDamage damage, std::uint64_t seed);

// Whether these bytes lie in its region. REQUIRES: a server with few --max-clients.
[[nodiscard]] bool region_holds(pid_t worker, std::string_view bytes);

// A duplicate of the worker's end of its pipe with the master; of its connection with a client, by the client's port.
[[nodiscard]] os::FileDescriptor control_pipe_of(pid_t worker);
[[nodiscard]] os::FileDescriptor connection_of(pid_t worker, std::uint16_t client_port);

// Over such a pipe, about its first client, with so many duplicates of one descriptor. `empty`: with nothing else.
// False: nobody takes it any more.
bool send_to_master(int pipe, chat::ControlKind kind, std::size_t descriptors, bool empty = false);

}  // namespace rookery::system_test
