// tests/client/load/scripted_people.h
//
// A server of one thread that speaks the text dialect with accounts, rooms, letters and history, and makes the mistakes
// that a test tells it to make. The larger sister of scripted_chat.h, for whole conversations.
//
//     ScriptedPeople server([](const Utterance& said) {
//       return said.kind == "login" && said.index == 1 ? Lines{} : Lines{said.text};   // the second login: no answer
//     });
//
// The hook runs in the server's thread. It gets what an honest server would send now and returns what this one sends.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/terminal/endpoint.h"
#include "ipc/os/file_descriptor.h"
#include "tests/client/load/scripted_chat.h"

namespace rookery::load {

struct Utterance {
  // The answer to "echo", "register", "say" ..., or an event that the connection hears: "room", "everybody", "letter",
  // or "close" after a quit.
  std::string kind;
  std::uint64_t index = 0;     // how many of this kind went to this connection before
  std::size_t connection = 0;  // in the order in which they came
  std::string name;            // of whoever is at the connection, "guest3"
  std::string text;            // without its end; a history's lines with what divides them
};
using PeopleHook = std::function<Lines(const Utterance&)>;

// What a faulty server sends in the place of `text`.
[[nodiscard]] inline Lines nothing(const std::string& /*text*/) {
  return {};
}
[[nodiscard]] inline Lines twice(const std::string& text) {
  return {text, text};
}

class ScriptedPeople final {
 public:
  explicit ScriptedPeople(PeopleHook hook = {});
  ~ScriptedPeople();
  ScriptedPeople(const ScriptedPeople&) = delete;
  ScriptedPeople& operator=(const ScriptedPeople&) = delete;

  [[nodiscard]] client::Endpoint endpoint() const { return {.host = "127.0.0.1", .port = std::to_string(port_)}; }

 private:
  struct Peer {
    os::FileDescriptor socket;
    std::string input;
    std::size_t number = 0;
    std::string account;
    std::set<std::string> rooms;
    std::map<std::string, std::uint64_t> counts;

    [[nodiscard]] std::string name() const { return account.empty() ? "guest" + std::to_string(number) : account; }
    [[nodiscard]] std::string sender() const { return name() + "(" + std::to_string(number) + "): "; }
  };

  void serve(const std::stop_token& stop);
  void accept_one();
  void read_from(Peer& peer);
  void answer(Peer& peer, const std::string& line);
  void speak(Peer& peer, const std::string& command, const std::string& rest);
  void send(Peer& peer, const std::string& kind, std::string text);

  PeopleHook hook_;
  os::FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::vector<Peer> peers_;
  std::size_t accepted_ = 0;
  std::uint64_t seq_ = 0;
  std::map<std::string, std::string> passwords_;                // by name in small letters
  std::vector<std::pair<std::string, std::string>> histories_;  // room or "*", and the event
  std::jthread thread_;
};

}  // namespace rookery::load
