// master/console/control_socket.h
//
// The operator in another terminal: a socket in the data directory, for those whom the directory lets in (peer.h): file
// modes keep others out, and whoever comes past them all the same is refused. A connection brings one line, gets its
// answer and is closed. Nobody there can make the master wait: what a slow reader has not taken stays in a
// buffer of its own, and who does nothing for ten seconds is cut off.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/poller.h"
#include "master/console/commands.h"
#include "master/upgrade/state.h"

namespace rookery::master {

// Bound to `path` in that directory and listening: mode 0660, of the directory's owner and group as far as we may give
// it to them. Throws StartError (78).
[[nodiscard]] os::FileDescriptor open_control_socket(const std::string& path, int directory);

class ControlSocket final {
 public:
  using TimePoint = os::Monotonic::time_point;
  // The answer to a line, or nothing: then it comes by reply().
  using RunLine = std::function<std::optional<std::string>(Conversation, std::string_view line)>;

  // REQUIRES: `listener` and the data directory's descriptor stay open as long as this lives.
  ControlSocket(os::Poller& poller, int listener, int directory, RunLine run_line);

  void on_listener_readable(TimePoint now);
  void on_connection(Conversation number, std::uint32_t events, TimePoint now);
  // Every half second: cuts off the idle and accepts again after a shortage of descriptors.
  void on_check(TimePoint now);
  void reply(Conversation number, std::string answer, TimePoint now);

  // What a successor needs to go on. Whoever waits for another answer than `awaited` is told to ask again.
  using AskAgain = std::function<std::string(Conversation)>;
  void save(State& state, std::optional<Conversation> awaited, const AskAgain& ask_again) const;
  void take_over(const State& state, TimePoint now);

 private:
  struct Connection {
    os::FileDescriptor socket;
    TimePoint last_progress;
    bool asked = false;  // its line is being answered
    std::string input;
    std::string output;
    std::size_t sent = 0;
  };

  void listen(bool on);
  // Not allowed: it is told so, and the log.
  [[nodiscard]] bool is_allowed(int socket, TimePoint now);
  void read(Conversation number, Connection& connection, TimePoint now);
  // False when all is said, or nobody listens: the connection is then gone.
  bool write(Conversation number, Connection& connection, TimePoint now);
  void close(Conversation number);

  os::Poller& poller_;
  int listener_;
  int directory_;
  RunLine run_line_;
  TimePoint refusal_told_{};
  std::uint64_t refusals_untold_ = 0;
  bool listening_ = false;
  Conversation last_number_ = kStandardStreams;
  std::map<Conversation, Connection> connections_;
};

}  // namespace rookery::master
