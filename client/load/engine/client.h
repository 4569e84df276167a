// client/load/engine/client.h
//
// One client of a run: its number, its connection if it has one, and what waits to go in or out. A scenario tells
// clients apart by number() and says the rest through its Stage; everything else here is the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ipc/os/file_descriptor.h"

namespace rookery::load {

enum class Taken : std::uint8_t { Bytes, Nothing, End, Failed };  // Failed: errno says why
enum class Flushed : std::uint8_t { All, Part, Failed };

class Client final {
 public:
  Client(std::uint32_t number, std::size_t place) noexcept : number_(number), place_(place) {}

  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
  // Among the clients of its thread, from 0 on.
  [[nodiscard]] std::size_t place() const noexcept { return place_; }
  [[nodiscard]] bool open() const noexcept { return state == State::Open; }
  // Has stage.ready() been called for it?
  [[nodiscard]] bool prepared() const noexcept { return was_prepared; }
  // The server may end the connection from now on: no fault. Until the next connection.
  void expect_end() noexcept { may_end = true; }

  // More waits to go out than a server that reads would ever leave.
  [[nodiscard]] bool congested() const noexcept { return output.size() - sent_ > kMostUnsentBytes; }
  static constexpr std::size_t kMostUnsentBytes = std::size_t{256} << 10;

  // --- The loop's ---

  enum class State : std::uint8_t { Closed, Connecting, Greeting, Open };

  void begin_connection(os::FileDescriptor socket) noexcept;
  void end_connection() noexcept;
  [[nodiscard]] int socket() const noexcept { return socket_.get(); }

  // One read. `bytes` is what was left of the last one and what came, all in `buffer`.
  [[nodiscard]] Taken take(std::span<char> buffer, std::string_view& bytes) noexcept;
  // What of it is no whole line yet. False: longer than any line of a server.
  [[nodiscard]] bool keep(std::string_view rest);
  // One write of all there is.
  [[nodiscard]] Flushed flush() noexcept;

  std::string output;
  State state = State::Closed;
  bool was_prepared = false;     // see prepared()
  bool may_end = false;          // see expect_end()
  bool dirty = false;            // in the loop's list of those with something to flush
  bool wants_write = false;      // EPOLLOUT is asked for
  std::uint32_t connection = 0;  // counts its connections
  std::uint64_t due = 0;         // requests that the schedule had for it so far ...
  std::uint64_t given = 0;       // ... and those the scenario was told of

 private:
  std::uint32_t number_;
  std::size_t place_;
  os::FileDescriptor socket_;
  std::string rest_;
  std::size_t sent_ = 0;  // of `output`
};

}  // namespace rookery::load
