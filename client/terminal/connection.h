// client/terminal/connection.h
//
// One TCP connection to the server as lines in both directions, never blocking except while a host name is looked up.
// The owner polls fd() for poll_events() (and until deadline(), if there is one), calls on_ready(), then takes lines
// with next_line() until there are none. Lines that came before the end of the connection are still there after it.
#pragma once

#include <netdb.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/terminal/endpoint.h"

namespace rookery::client {

// A reply to `list` names every client and can be several MiB long; beyond this the peer is no Rookery server.
inline constexpr std::size_t kMaxServerLineBytes = std::size_t{16} << 20;

class Connection final {
 public:
  enum class State { Closed, Connecting, Open };
  using Clock = std::chrono::steady_clock;

  explicit Connection(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect, forgetting what is left of an earlier connection. Afterwards the state is Connecting, Open, or
  // Closed with error() saying why.
  void connect();
  // The same, and waits until it is decided.
  [[nodiscard]] bool connect_and_wait();
  void close();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::string& error() const { return error_; }  // why it is closed, in words
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

  [[nodiscard]] int fd() const { return fd_; }  // -1 when closed, which poll() passes over
  [[nodiscard]] short poll_events() const;
  [[nodiscard]] std::optional<Clock::time_point> deadline() const;  // when an attempt to connect is given up
  void on_ready(short revents);
  void on_time();  // gives up an attempt whose deadline has passed

  // Queues `line` and a LF, and sends what the kernel takes. Ignored when closed.
  void send_line(std::string_view line);
  [[nodiscard]] std::optional<std::string> next_line();

 private:
  struct FreeAddresses {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
  };

  void try_next_address();
  void finish_connect();
  void give_up(std::string reason);
  void receive();
  void flush();

  Endpoint endpoint_;
  State state_ = State::Closed;
  std::string error_ = "not connected";
  int fd_ = -1;

  std::unique_ptr<addrinfo, FreeAddresses> addresses_;
  const addrinfo* next_address_ = nullptr;  // in addresses_
  Clock::time_point connect_deadline_{};

  std::string input_;
  std::size_t line_start_ = 0;  // bytes of input_ already given out
  std::size_t scanned_ = 0;     // bytes of input_ known to hold no LF after line_start_
  std::string output_;
  std::size_t output_sent_ = 0;
};

}  // namespace rookery::client
