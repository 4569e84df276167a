#include "tests/system/harness/console_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tests/system/harness/patience.h"

namespace rookery::system_test {
namespace {

class Socket final {
 public:
  explicit Socket(const std::filesystem::path& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const timeval patience{kPatience.count(), 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
    ::close(descriptor_);
    throw std::runtime_error("no control socket at " + path.string());
  }
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::string ask_console(const std::filesystem::path& data_directory, std::string_view command) {
  const Socket socket(data_directory / "control.sock");
  const std::string line = std::string(command) + "\n";
  // Who is refused has the answer and is cut off, perhaps before the command is sent.
  if (::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()) &&
      errno != EPIPE)
    throw std::runtime_error("the control socket takes no command");
  std::string answer;
  for (;;) {
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET && !answer.empty())) return answer;
    if (count < 0) throw TimedOut("no answer on the control socket to: " + line);
    answer.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace rookery::system_test
