#include "tests/system/harness/notify_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace rookery::system_test {
namespace {

sockaddr_un address_of(const std::string& name, socklen_t& size) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return address;
}

}  // namespace

NotifySocket::NotifySocket(Kind kind) : address_((directory_.path() / "notify").string()) {
  if (kind == Kind::Abstract) address_[0] = '@';
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t size = 0;
  const sockaddr_un address = address_of(address_, size);
  if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0)
    throw std::system_error(errno, std::generic_category(), address_);
}

NotifySocket::~NotifySocket() {
  ::close(socket_);
}

std::string NotifySocket::variable() const {
  return "NOTIFY_SOCKET=" + address_;
}

void NotifySocket::fill() {
  const int sender = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  socklen_t size = 0;
  const sockaddr_un address = address_of(address_, size);
  while (::sendto(sender, "X", 1, 0, reinterpret_cast<const sockaddr*>(&address), size) == 1) {
  }
  ::close(sender);
}

std::optional<std::string> NotifySocket::next(std::chrono::milliseconds within) {
  pollfd readable{socket_, POLLIN, 0};
  if (::poll(&readable, 1, static_cast<int>(within.count())) <= 0) return std::nullopt;
  std::array<char, 4096> buffer{};
  const ssize_t bytes = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (bytes < 0) throw std::system_error(errno, std::generic_category(), "recv");
  return messages_.emplace_back(buffer.data(), static_cast<std::size_t>(bytes));
}

std::string NotifySocket::expect(std::string_view line) {
  const auto deadline = Clock::now() + kPatience;
  while (Clock::now() < deadline) {
    const auto message = next(std::chrono::milliseconds{100});
    if (message && ("\n" + *message).find("\n" + std::string(line)) != std::string::npos) return *message;
  }
  throw TimedOut("the service manager was not told " + std::string(line));
}

}  // namespace rookery::system_test
