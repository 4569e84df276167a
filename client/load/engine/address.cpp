#include "client/load/engine/address.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "client/load/run.h"
#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::load {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

// 0, or why nobody answers there.
int try_address(const addrinfo& candidate, std::chrono::milliseconds patience) {
  const os::FileDescriptor socket(::socket(candidate.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  if (::connect(socket.get(), candidate.ai_addr, candidate.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  const int count = ::poll(&wait, 1, static_cast<int>(patience.count()));
  if (count == 0) return ETIMEDOUT;
  if (count < 0) return errno;
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

}  // namespace

Address find_server(const client::Endpoint& server, std::chrono::milliseconds patience) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(server.host.c_str(), server.port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  if (failure != 0) throw CannotRun(fmt::format("cannot find {}: {}", server.host, ::gai_strerror(failure)));

  int error = 0;
  for (const addrinfo* candidate = found; candidate != nullptr; candidate = candidate->ai_next) {
    const bool alone = found->ai_next == nullptr;
    error = alone ? 0 : try_address(*candidate, patience);
    if (error != 0) continue;
    Address address;
    std::memcpy(&address.bytes, candidate->ai_addr, candidate->ai_addrlen);
    address.length = candidate->ai_addrlen;
    return address;
  }
  throw CannotRun(fmt::format("cannot connect to {}: {}", client::to_string(server), os::error_text(error)));
}

}  // namespace rookery::load
