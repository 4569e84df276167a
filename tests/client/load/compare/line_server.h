// tests/client/load/compare/line_server.h
//
// A server of one thread that answers each line with what a test makes of it.
//
//     LineServer server([](const std::string& line) { return R"({"re":"echo","id":0,"ok":false})"; });
//     std::uint16_t port = server.port();
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "ipc/os/file_descriptor.h"

namespace rookery::load {

class LineServer final {
 public:
  // Returned in the place of an answer: the connection is closed.
  static constexpr const char* kCloseIt = "\x04";
  // Runs in the server's thread. Empty: no answer.
  using Answer = std::function<std::string(const std::string& line)>;

  explicit LineServer(Answer answer);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  void serve(const std::stop_token& stop);
  void converse(int socket, const std::stop_token& stop);

  Answer answer_;
  os::FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace rookery::load
