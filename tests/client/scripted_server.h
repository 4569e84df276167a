// tests/client/scripted_server.h
//
// The server's part, played by the test line by line on a loopback port. One client at a time; every wait has a
// deadline and fails the test when it passes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace rookery::client {

class ScriptedServer final {
 public:
  explicit ScriptedServer(int port = 0);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  void accept();
  void hang_up();
  [[nodiscard]] std::string read_line();  // empty when the client closed
  void send(std::string_view bytes);

  // The next request, which must be `op`.
  [[nodiscard]] nlohmann::json request(const std::string& op);
  // Reads a request, which must be `op`, and answers it with `fields` besides re, id and ok.
  nlohmann::json answer(const std::string& op, nlohmann::json fields = nlohmann::json::object());
  nlohmann::json refuse(const std::string& op, const std::string& code);
  void event(const nlohmann::json& event);
  void message(int seq, const std::string& room, const std::string& name, const std::string& text);

  void greet() { answer("ping"); }  // what a client begins with
  void farewell();                  // and what it ends with

 private:
  int listener_ = -1;
  int client_ = -1;
  int port_ = 0;
  std::string input_;
};

}  // namespace rookery::client
