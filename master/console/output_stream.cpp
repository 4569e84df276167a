#include "master/console/output_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "ipc/log.h"

namespace rookery::master {

namespace {
// A pipe that poll() finds writable has room for that much.
constexpr std::size_t kCertainBytes = 512;
}  // namespace

OutputStream::OutputStream(os::Poller& poller, int descriptor, std::uint64_t token)
    : poller_(poller), shared_(descriptor), token_(token) {
  struct stat status {};
  if (::fstat(shared_, &status) != 0) return;
  is_socket_ = S_ISSOCK(status.st_mode);
  if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode)) return;
  const std::string path = "/proc/self/fd/" + std::to_string(shared_);
  own_.reset(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  may_block_ = !own_;
}

void OutputStream::write(std::string_view text) {
  if (waiting_.size() - sent_ + text.size() > kMaxWaitingBytes) {
    ++dropped_;
    log::warning("nobody reads standard output: {} answers were dropped so far", dropped_);
    return;
  }
  waiting_.erase(0, sent_);
  sent_ = 0;
  waiting_ += text;
  flush();
}

long OutputStream::put(std::string_view bytes) const noexcept {
  if (is_socket_) return ::send(shared_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (may_block_) {
    pollfd room{shared_, POLLOUT, 0};
    if (::poll(&room, 1, 0) != 1) {
      errno = EAGAIN;
      return -1;
    }
    bytes = bytes.substr(0, kCertainBytes);
  }
  return ::write(descriptor(), bytes.data(), bytes.size());
}

void OutputStream::flush() {
  while (sent_ < waiting_.size()) {
    const long bytes = put(std::string_view(waiting_).substr(sent_));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0 && errno == EAGAIN) {
      watch(true);
      return;
    }
    // Closed, broken, full disk: nobody will ever read it.
    sent_ = bytes < 0 ? waiting_.size() : sent_ + static_cast<std::size_t>(bytes);
  }
  waiting_.clear();
  sent_ = 0;
  watch(false);
}

void OutputStream::watch(bool on) {
  if (on == watched_) return;
  if (on)
    watched_ = poller_.add(descriptor(), EPOLLOUT, token_);
  else
    poller_.remove(descriptor());
  watched_ = on && watched_;
}

}  // namespace rookery::master
