// master/console/console.h
//
// The console: the same commands from standard input and from the control socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/os/poller.h"
#include "master/console/commands.h"
#include "master/console/control_socket.h"
#include "master/console/standard_streams.h"

namespace rookery::master {

class Console final {
 public:
  using TimePoint = os::Monotonic::time_point;

  // REQUIRES: both descriptors stay open as long as this lives.
  Console(os::Poller& poller, ConsoleHost& host, int control_socket, int data_directory);

  void start_reading() { streams_.start_reading(); }
  void print(std::string_view line) { streams_.write(line); }

  void on_standard_input() { streams_.on_readable(); }
  void on_standard_output() { streams_.on_writable(); }
  void on_control_socket() { socket_.on_listener_readable(os::Monotonic::now()); }
  void on_connection(Conversation number, std::uint32_t events) {
    socket_.on_connection(number, events, os::Monotonic::now());
  }
  // To what was not answered at once.
  void reply(Conversation conversation, std::string answer);
  void client_kicked(std::uint64_t client) { commands_.client_kicked(client); }

  void on_check(TimePoint now);
  void on_due(TimePoint now);
  [[nodiscard]] TimePoint next_due() const noexcept;

  // `awaited`: whose answer the successor gives; all others who wait are told to ask again.
  void save(State& state, std::optional<Conversation> awaited) const;
  void take_over(const State& state);

 private:
  Commands commands_;
  StandardStreams streams_;
  ControlSocket socket_;
};

}  // namespace rookery::master
