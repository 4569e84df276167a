#include "tests/bench/support/bare_threads.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "tests/bench/support/lines.h"

namespace rookery::bench {

namespace {

void serve(const os::FileDescriptor& socket) {
  LineCutter lines;
  std::array<char, 16 * 1024> buffer;
  std::string out;
  for (;;) {
    const ssize_t got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    out.clear();
    lines.feed({buffer.data(), static_cast<std::size_t>(got)},
               [&](std::string_view line) { out.append("Echo: ").append(line).push_back('\n'); });
    for (std::string_view rest = out; !rest.empty();) {
      const ssize_t sent = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EINTR) return;
      if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
}

}  // namespace

void serve_with_a_thread_per_client(int listener) {
  for (;;) {
    os::FileDescriptor socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      os::throw_errno("cannot accept");
    }
    std::thread([socket = std::move(socket)] { serve(socket); }).detach();
  }
}

}  // namespace rookery::bench
