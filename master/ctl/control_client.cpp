#include "master/ctl/control_client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "ipc/wire/data_directory.h"
#include "ipc/wire/safe_text.h"

namespace rookery::ctl {
namespace {

class Descriptor final {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// 0 or errno. The kernel takes socket paths of at most 107 bytes, directories can be longer: then the way leads through
// a descriptor of the directory.
int connect_to(int socket_fd, const std::filesystem::path& directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = (directory / wire::kControlSocketName).string();
  const bool fits = path.size() < sizeof address.sun_path;
  const Descriptor opened(fits ? -1 : ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fits) {
    if (opened.get() < 0) return errno;
    path = fmt::format("/proc/self/fd/{}/{}", opened.get(), wire::kControlSocketName);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  int outcome = 0;
  do outcome = ::connect(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  while (outcome != 0 && errno == EINTR);
  return outcome == 0 || errno == EISCONN ? 0 : errno;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;  // the server may have answered and closed: the answer tells
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

// In text, or as the server begins a JSON document.
bool is_verdict(std::string_view line, std::string_view word, std::string_view json) {
  return line == word || (line.starts_with(word) && line[word.size()] == ' ') || line.starts_with(json);
}

bool wait_readable(int fd, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waited{fd, POLLIN, 0};
    const int count = ::poll(&waited, 1, static_cast<int>(left.count()));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

// Gives out every line but the newest, which may be the last.
class AnswerLines {
 public:
  explicit AnswerLines(const std::function<void(const std::string&)>& show) : show_(show) {}

  void feed(std::string_view bytes) {
    partial_.append(bytes);
    std::size_t start = 0;
    for (std::size_t end = 0; (end = partial_.find('\n', start)) != std::string::npos; start = end + 1)
      keep(partial_.substr(start, end - start));
    partial_.erase(0, start);
  }
  void finish() {
    if (!partial_.empty()) keep(std::exchange(partial_, {}));
  }
  [[nodiscard]] const std::optional<std::string>& newest() const { return newest_; }
  void show_newest() const {
    if (newest_) show_(*newest_);
  }

 private:
  void keep(std::string_view line) {
    show_newest();
    if (line.ends_with('\r')) line.remove_suffix(1);
    newest_ = wire::make_harmless(line, true);
  }

  const std::function<void(const std::string&)>& show_;
  std::string partial_;
  std::optional<std::string> newest_;
};

}  // namespace

ControlAnswer ask_server(const std::filesystem::path& data_directory, std::string_view command,
                         const std::function<void(const std::string& line)>& show, std::chrono::milliseconds timeout) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return {ControlResult::NoServer, fmt::format("no socket: {}", std::strerror(errno))};
  if (const int error_number = connect_to(socket.get(), data_directory); error_number != 0) {
    return {ControlResult::NoServer, fmt::format("no server seems to run with data directory {} ({})",
                                                 data_directory.string(), std::strerror(error_number))};
  }
  send_all(socket.get(), fmt::format("{}\n", command));

  AnswerLines lines(show);
  std::array<char, 16 * 1024> bytes{};
  bool any = false;
  std::string broken = "the server's answer ended without OK or ERR";
  for (;;) {
    if (!wait_readable(socket.get(), timeout)) {
      broken = fmt::format("the server with data directory {} does not answer", data_directory.string());
      lines.show_newest();
      return {any ? ControlResult::Incomplete : ControlResult::NoServer, broken};
    }
    const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) broken = fmt::format("{}: {}", broken, std::strerror(errno));
    if (count <= 0) break;
    any = true;
    lines.feed({bytes.data(), static_cast<std::size_t>(count)});
  }
  lines.finish();
  if (lines.newest() && is_verdict(*lines.newest(), "OK", R"({"ok":true)"))
    return {ControlResult::Done, *lines.newest()};
  if (lines.newest() && is_verdict(*lines.newest(), "ERR", R"({"ok":false)"))
    return {ControlResult::Refused, *lines.newest()};
  lines.show_newest();
  return {ControlResult::Incomplete, broken};
}

bool server_listens(const std::filesystem::path& data_directory) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return false;
  const int error_number = connect_to(socket.get(), data_directory);
  return error_number == 0 || error_number == EAGAIN;  // EAGAIN: too many wait to be accepted
}

}  // namespace rookery::ctl
