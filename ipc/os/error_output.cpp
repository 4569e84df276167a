#include "ipc/os/error_output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace rookery::os {

namespace {

thread_local bool left = false;
std::atomic<bool> torn{false};  // what was written last is half a line

// Of threads that have left; several may crash at the same time. What does not fit is lost.
std::array<char, 16 * 1024> errand;
std::atomic<std::size_t> errand_bytes{0};

ssize_t write_some(std::string_view text) noexcept {
  ssize_t written;
  do {
    written = ::write(STDERR_FILENO, text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  return written;
}

bool write_whole(std::string_view text) noexcept {
  pollfd out{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) return false;
  if (torn.load(std::memory_order_relaxed)) {
    if (write_some("\n") != 1) return false;
    torn.store(false, std::memory_order_relaxed);
  }
  const ssize_t written = write_some(text);
  if (written > 0 && written < static_cast<ssize_t>(text.size())) torn.store(true, std::memory_order_relaxed);
  return written == static_cast<ssize_t>(text.size());
}

}  // namespace

bool put_error_line(std::string_view line) noexcept {
  return !left && write_whole(line);
}

bool replace_error_output(int descriptor) noexcept {
  int result;
  do {
    result = ::dup2(descriptor, STDERR_FILENO);
  } while (result < 0 && (errno == EINTR || errno == EBUSY));
  if (result >= 0) torn.store(false, std::memory_order_relaxed);
  return result >= 0;
}

void leave_error_output() noexcept {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ::close(STDERR_FILENO);
  left = true;
#endif
}

bool has_error_output() noexcept {
  return !left;
}

void last_words(std::string_view line) noexcept {
  if (!left) {
    static_cast<void>(write_whole(line));
    return;
  }
  const std::size_t begin = errand_bytes.fetch_add(line.size());
  if (begin < errand.size())
    std::memcpy(errand.data() + begin, line.data(), std::min(line.size(), errand.size() - begin));
}

bool has_errand() noexcept {
  return errand_bytes.load() > 0;
}

void run_errand() noexcept {
  // Line by line: a pipe promises room for so much at once, and no more.
  std::string_view rest(errand.data(), std::min(errand_bytes.exchange(0), errand.size()));
  while (!rest.empty()) {
    const std::size_t bytes = std::min(rest.find('\n'), rest.size() - 1) + 1;
    static_cast<void>(write_whole(rest.substr(0, bytes)));
    rest.remove_prefix(bytes);
  }
}

}  // namespace rookery::os
