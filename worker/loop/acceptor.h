// worker/loop/acceptor.h
//
// Accepts connections from the socket that all loops of all workers listen on, so that long-lived connections spread
// evenly and none is refused when a worker dies or stops.
//
// How  Each loop waits with EPOLLEXCLUSIVE, accepts one connection a wake-up and then gets back in line (removes and
// adds
//      the listener). A loop that holds more than the smallest live loop's count plus some slack stays out of the line
//      and looks again soon. If the queue does not empty meanwhile (the others hang), it takes some all the same.
//
// Figures this rests on (4 workers, 400 connections one every 2 ms): plain epoll 227/98/60/15, EPOLLEXCLUSIVE
// 400/0/0/0, with getting back in line 100/100/100/100; a burst of 2,000 with the gate 485 to 499 against 502 to 518.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "ipc/os/poller.h"
#include "worker/handover/custody.h"
#include "worker/limits/ban_list.h"
#include "worker/loop/client_ids.h"
#include "worker/session/session_table.h"
#include "worker/session/shut_out.h"
#include "worker/session/socket_watch.h"

namespace rookery::worker {

class Acceptor final {
 public:
  Acceptor(const WorkerContext& context, std::uint32_t loop, os::Poller& poller, SocketWatch& watch,
           SessionTable& sessions, ClientIds& ids, Custody& custody, const BanList& bans);

  static constexpr std::uint64_t kToken = 1;

  // The listener is readable: takes one connection, or tells it that the server is full, or full of its likes.
  void on_readable();
  // Gets into line or out of it, as the counts say. Once a turn.
  void turn(os::Monotonic::time_point now);
  // Its duplicate is on its way to the master: from now on it is served.
  void begin(Session& session);
  // How long the loop may sleep before turn() wants to look again.
  [[nodiscard]] std::chrono::milliseconds patience() const noexcept;
  // Until then whoever comes from that network is told so and sent away.
  void shut_out(const chat::SourceAddress& network, os::Monotonic::time_point until) { shut_out_.add(network, until); }
  void stop();

 private:
  [[nodiscard]] std::uint64_t smallest_live_count() const noexcept;
  [[nodiscard]] bool queue_is_waiting() const noexcept;
  void line_up();
  void step_out();
  using Refusal = chat::ConnectionRefusal;
  void turn_away(os::FileDescriptor socket, const PeerAddress& peer, Refusal reason, wire::ErrorCode code,
                 std::string why);
  void send_away(os::FileDescriptor socket, Refusal reason, wire::ErrorCode code, std::string why);
  void welcome(os::FileDescriptor socket, const PeerAddress& peer);

  const WorkerContext& context_;
  const ClientLimits& limits_;  // the loop's
  chat::LoopControl& control_;
  os::Poller& poller_;  // for the listener
  SocketWatch& watch_;
  SessionTable& sessions_;
  ClientIds& ids_;
  Custody& custody_;
  const BanList& bans_;
  ShutOut shut_out_;
  bool in_line_ = false;
  bool stopped_ = false;
  std::uint32_t allowance_ = 0;  // connections it may take although it has its share
  os::Monotonic::time_point gated_since_{};
  os::Monotonic::time_point paused_until_{};  // no descriptors left
  std::chrono::milliseconds look_again_{0};
};

}  // namespace rookery::worker
