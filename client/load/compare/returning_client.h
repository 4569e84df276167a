// client/load/compare/returning_client.h
//
// A chat client that comes back: it sends requests when they are due, echo and `say` in its room by turns, and when its
// connection ends it connects again, enters its room and goes on with what is due. JSON lines. Everything that was
// asked is remembered with its times.
//
// The terminal client waits 200 ms before it tries again. This one tries at once, then after 20 ms, 40 ms ... 1 s, so
// that a pause is the server's and not the client's. What was under way when a connection ended is not asked again: it
// may have happened.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "client/load/compare/pause.h"
#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/poller.h"

namespace rookery::load {

class ReturningClient final {
 public:
  // `token` is this client's in `poller`, which outlives it.
  ReturningClient(os::Poller& poller, std::uint64_t token, const sockaddr_in& server, std::string room);

  void connect(Time now);
  // A request is due: it is sent now, or as soon as there is a connection.
  void ask(Time due);
  void on_ready(std::uint32_t events, Time now);
  void on_time(Time now);  // connects again when it is time for that

  [[nodiscard]] const std::vector<Request>& requests() const noexcept { return requests_; }
  [[nodiscard]] std::string text_of(std::size_t request) const;
  [[nodiscard]] const std::string& room() const noexcept { return room_; }
  [[nodiscard]] bool is_here() const noexcept { return state_ == State::Open && !joining_; }
  [[nodiscard]] std::size_t requests_open() const noexcept;  // on this connection, or waiting to be sent
  // When a connection that had been let in ended, each time; rising.
  [[nodiscard]] const std::vector<Time>& cuts() const noexcept { return cuts_; }
  // When the server let it into its room, each time; rising.
  [[nodiscard]] const std::vector<Time>& arrivals() const noexcept { return arrivals_; }
  [[nodiscard]] std::uint16_t local_port() const noexcept { return local_port_; }
  // The first thing that was wrong, in words; empty: nothing.
  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

 private:
  enum class State : std::uint8_t { Away, Connecting, Open };

  void opened();
  void lost(Time now);
  void send(std::size_t request);
  void write();
  void receive(Time now);
  void take_line(std::string_view line, Time now);
  void take_answer(std::size_t request, const nlohmann::json& answer, std::string_view line, Time now);
  void complain(std::string words);

  os::Poller& poller_;
  std::uint64_t token_;
  sockaddr_in server_;
  std::string room_;

  State state_ = State::Away;
  os::FileDescriptor socket_;
  std::uint16_t local_port_ = 0;
  bool waits_for_writing_ = false;
  bool joining_ = false;
  bool was_here_ = false;  // its present connection has been let into the room
  Time again_at_{};
  std::chrono::milliseconds back_off_{0};
  std::string input_;
  std::string output_;

  std::vector<Request> requests_;
  std::size_t next_to_send_ = 0;
  std::deque<std::size_t> under_way_;  // on this connection, in the order of their answers
  std::vector<Time> cuts_;
  std::vector<Time> arrivals_;
  std::string complaint_;
};

}  // namespace rookery::load
