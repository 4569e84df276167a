// client/load/scenario/fanout_board.h
//
// What the threads of a fan-out share: how far each sender is, and how many readers have which message.
//
// Closed loop: a message is under way until it is acknowledged *and* every reader has it. So a server can neither look
// fast by leaving its readers behind, nor be pushed into dropping messages (docs/wire-protocol.md, "Slow readers") by a
// load tool that does not wait for them. (tests/bench/fanout_bench.cpp waits for the acknowledgement alone.) In an open
// loop the schedule decides alone.
//
// Who may write   sent, done, expected_end: the sender's thread. delivered: every thread adds; the sender's thread sets
//                 it to 0 before it sends the message that uses it next.
// Memory order    `delivered` and `done` are release on one side and acquire on the other; the rest may be late.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace rookery::load {

struct alignas(64) SenderBoard {
  std::atomic<std::uint64_t> sent{0};          // messages
  std::atomic<std::uint64_t> expected_end{0};  // one more than the last that was acknowledged
  std::atomic<bool> done{false};               // nothing will be sent or acknowledged any more
  // Closed loop: how many readers have, or will never have, message n, in place n modulo window.
  std::unique_ptr<std::atomic<std::uint32_t>[]> delivered;
  std::set<std::uint64_t> refused;  // read by others when the threads have ended
};

struct FanoutBoard {
  FanoutBoard(std::uint32_t sender_count, std::uint32_t reader_count, std::uint32_t window_size, std::string room_name)
      : room(std::move(room_name)), senders(sender_count), window(window_size), readers(reader_count) {
    for (SenderBoard& sender : senders) sender.delivered = std::make_unique<std::atomic<std::uint32_t>[]>(window);
  }

  const std::string room;
  std::vector<SenderBoard> senders;
  const std::uint32_t window;          // 0 in an open loop
  std::atomic<std::uint32_t> readers;  // that still have a connection
};

}  // namespace rookery::load
