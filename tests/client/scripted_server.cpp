#include "tests/client/scripted_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace rookery::client {
namespace {

constexpr int kClientDeadlineMs = 30000;

void wait_readable(int fd, const char* what) {
  pollfd waited{fd, POLLIN, 0};
  if (::poll(&waited, 1, kClientDeadlineMs) <= 0) throw std::runtime_error(std::string("waited in vain for ") + what);
}

}  // namespace

ScriptedServer::ScriptedServer(int port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0)
    throw std::runtime_error("the test's server cannot listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

ScriptedServer::~ScriptedServer() {
  hang_up();
  ::close(listener_);
}

void ScriptedServer::accept() {
  wait_readable(listener_, "a connection");
  hang_up();
  client_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client_ < 0) throw std::runtime_error("accept failed");
}

void ScriptedServer::hang_up() {
  if (client_ >= 0) ::close(client_);
  client_ = -1;
  input_.clear();
}

std::string ScriptedServer::read_line() {
  std::size_t end = 0;
  while ((end = input_.find('\n')) == std::string::npos) {
    wait_readable(client_, "a line of the client");
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(client_, bytes.data(), bytes.size(), 0);
    if (count <= 0) return {};
    input_.append(bytes.data(), static_cast<std::size_t>(count));
  }
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return line;
}

void ScriptedServer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("the client takes no more");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

nlohmann::json ScriptedServer::request(const std::string& op) {
  const std::string line = read_line();
  nlohmann::json request = nlohmann::json::parse(line, nullptr, false);
  if (!request.is_object() || request.value("op", "") != op)
    throw std::runtime_error("expected a request " + op + ", got: " + line);
  return request;
}

nlohmann::json ScriptedServer::answer(const std::string& op, nlohmann::json fields) {
  nlohmann::json asked = request(op);
  fields.update({{"re", op}, {"id", asked.at("id")}, {"ok", true}});
  event(fields);
  return asked;
}

nlohmann::json ScriptedServer::refuse(const std::string& op, const std::string& code) {
  nlohmann::json asked = request(op);
  event({{"re", op}, {"id", asked.at("id")}, {"ok", false}, {"error", code}, {"message", "words for people"}});
  return asked;
}

void ScriptedServer::event(const nlohmann::json& event) {
  send(event.dump() + "\n");
}

void ScriptedServer::message(int seq, const std::string& room, const std::string& name, const std::string& text) {
  event({{"event", "message"},
         {"seq", seq},
         {"epoch", "e1"},
         {"time", "2026-11-21T10:00:00.123Z"},
         {"room", room},
         {"from", {{"client", 12}, {"name", name}}},
         {"text", text}});
}

void ScriptedServer::farewell() {
  answer("ping");
  answer("quit");
}

}  // namespace rookery::client
