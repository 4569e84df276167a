// tests/system/harness/notify_socket.h
//
// A service manager's end of sd_notify(3): a real datagram socket, by path or in the abstract namespace.
//
//   NotifySocket manager;
//   ... environment {manager.variable()} ...
//   manager.expect("READY=1");                 // a message that has this line; those before it are kept
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temporary_directory.h"
#include "tests/system/harness/patience.h"

namespace rookery::system_test {

class NotifySocket final {
 public:
  enum class Kind { Path, Abstract };

  explicit NotifySocket(Kind kind = Kind::Path);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  [[nodiscard]] std::string variable() const;  // NOTIFY_SOCKET=...

  // Until nothing more fits in: whoever waits for room to send waits for long.
  void fill();
  // What has come and what comes within that time; empty: nothing.
  [[nodiscard]] std::optional<std::string> next(std::chrono::milliseconds within);
  // The next message with a line that begins so. Throws TimedOut.
  std::string expect(std::string_view line);
  // All that were received.
  [[nodiscard]] const std::vector<std::string>& messages() const noexcept { return messages_; }

 private:
  test::TemporaryDirectory directory_;
  std::string address_;  // as NOTIFY_SOCKET has it
  int socket_ = -1;
  std::vector<std::string> messages_;
};

}  // namespace rookery::system_test
