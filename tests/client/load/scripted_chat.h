// tests/client/load/scripted_chat.h
//
// A server of one thread that speaks just enough of the text dialect for echo and fan-out, and makes the mistakes that
// a test tells it to make.
//
//     ScriptedChat server({.echo = [](Line line) { return line.index == 3 ? Lines{} : Lines{line.text}; }});
//     plan.server = server.endpoint();                  // the fourth echo is lost
//
// The hooks run in the server's thread. They get a line that an honest server would send now and return those that this
// one sends.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "client/terminal/endpoint.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::load {

struct Line {
  std::uint64_t index = 0;     // how many of its kind went to this connection before
  std::size_t connection = 0;  // in the order in which they came
  std::string text;            // without its end
};
using Lines = std::vector<std::string>;
using Hook = std::function<Lines(const Line&)>;

struct Mischief {
  Hook greeting = {};     // before the first byte of a connection is read; `text` is empty
  Hook pong = {};         // of a ping
  Hook echo = {};         // of an echo
  Hook deliver = {};      // of a message to one member of the room
  Hook acknowledge = {};  // of a say
};

// Returned by a hook in the place of a line: the connection is closed.
inline constexpr const char* kCloseIt = "\x04";

class ScriptedChat final {
 public:
  explicit ScriptedChat(Mischief mischief = {});
  ~ScriptedChat();
  ScriptedChat(const ScriptedChat&) = delete;
  ScriptedChat& operator=(const ScriptedChat&) = delete;

  [[nodiscard]] client::Endpoint endpoint() const { return {.host = "127.0.0.1", .port = std::to_string(port_)}; }

 private:
  struct Peer {
    os::FileDescriptor socket;
    std::string input;
    std::size_t number = 0;
    bool member = false;
    std::uint64_t pongs = 0, echoes = 0, delivered = 0, acknowledged = 0;
  };

  void serve(const std::stop_token& stop);
  void accept_one();
  void read_from(Peer& peer);
  void answer(Peer& peer, const std::string& line);
  void send(Peer& peer, const Hook& hook, std::uint64_t& index, const std::string& text);

  Mischief mischief_;
  os::FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::vector<Peer> peers_;
  std::size_t accepted_ = 0;
  std::uint64_t seq_ = 0;
  std::jthread thread_;
};

}  // namespace rookery::load
