// ipc/chat/control_message.h
//
// Everything the master and a child say to each other, over the duplex pipe that each child has with the master. End of
// file means that the other one has died: a child then ends itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ipc/chat/source_address.h"
#include "ipc/os/pipe.h"

namespace rookery::chat {

enum class ControlKind : std::uint8_t {
  // child -> master
  Ready = 1,        // set-up is done, the child serves
  Kicked = 2,       // worker: client `number` was found and is being closed
  SlotClean = 3,    // ledger: dealt with all that dead worker `worker` left
  SlotDamaged = 4,  // ledger: an outbox of worker `worker` holds what no sane worker writes; text says what
  Failed = 5,       // cannot start or go on; text says why and what to do; number is the exit code for the operator
  Hold = 13,        // worker: client `number` sits at `place`; brings a duplicate of its socket, before its first reply
  Drop = 14,     // worker: the connection of client `number` at `place` is over; or with `worker` the dead one it was
                 // to adopt it from, and `from`: it cannot be carried on
  Adopted = 15,  // worker: client `number`, handed to it by Adopt, sits at `place` now; it was `from` of `worker`
  LedgerReply = 22,  // ledger: the answer to LedgerRequest `number`, or with a '+' in front some lines of it; empty: it
                     // is still at work
  Working = 24,      // ledger: not Ready yet, but at work on its store
  // master -> child
  Stop = 6,  // finish: tell clients, drain, make durable, exit 0; number = milliseconds until the master forces it
  Kick = 7,  // worker: close client `number`, text is the reason
  WorkerGone = 8,   // ledger: worker `worker` is dead and reaped
  Notice = 9,       // ledger: publish text to everybody
  LedgerAway = 10,  // worker: the ledger died too often and is not tried for a while: read-only mode
  LedgerBack = 11,  // worker: it serves again
  ShutOut = 12,     // worker: for `number` milliseconds no client from that network; see shut_out_message()
  HandOver = 16,    // worker: end now and leave your connections as they are, others carry them on
  Adopt = 17,       // worker: carry client `number` on that sat at place `from` of dead worker `worker`; brings its
                    // socket, unless that was lost; text: why it is to be closed with a hint, usually empty
  SlotVacant = 18,  // ledger: none of the clients in the region of worker `worker` belong to the life with slot epoch
                    // `number` any more, others have them
  LedgerRequest = 21,  // ledger: a verb and its arguments, to be answered by LedgerReply with this `number`
  // both ways; the child sends the same kind and `number` back when it is done
  Settings = 19,   // text: see ipc/chat/runtime_settings.h
  LogReopen = 20,  // what it brings is standard error from here on
  // exporter -> master -> ledger
  Probe = 23,  // write something small to the store: the ledger's region then tells whether that went well
};
inline constexpr ControlKind kLastControlKind = ControlKind::Working;

// Where in its worker a client sits.
struct Place {
  std::uint32_t loop = 0;
  std::uint32_t index = 0;  // of its session block

  friend bool operator==(const Place&, const Place&) = default;
};

struct ControlMessage {
  ControlKind kind = ControlKind::Ready;
  std::uint32_t worker = 0;
  std::uint64_t number = 0;
  std::string text = {};  // at most kMaxControlTextBytes
  Place place = {};
  Place from = {};
  int passenger = -1;  // to be sent: a descriptor, whose owner keeps it open until then
};

// The network's 16 bytes travel as text.
[[nodiscard]] ControlMessage shut_out_message(const SourceAddress& network, std::chrono::milliseconds how_long);
[[nodiscard]] std::optional<SourceAddress> shut_out_network(const ControlMessage& message) noexcept;

inline constexpr std::size_t kMaxControlTextBytes = 8192;

[[nodiscard]] os::TransferStatus send_control(int descriptor, const ControlMessage& message);

struct ReceivedControl {
  os::TransferStatus status = os::TransferStatus::Failed;
  std::optional<ControlMessage> message;  // empty with status Done: not a message of ours, `fault` says why
  os::FileDescriptor passenger = os::FileDescriptor();
  std::string_view fault = {};  // a literal
};
[[nodiscard]] ReceivedControl receive_control(int descriptor);

}  // namespace rookery::chat
