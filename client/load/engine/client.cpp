#include "client/load/engine/client.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rookery::load {

namespace {
// Nothing that a scenario asks for is answered in longer lines, and a buffer must have room besides.
constexpr std::size_t kMostLineBytes = std::size_t{128} << 10;
}  // namespace

void Client::begin_connection(os::FileDescriptor socket) noexcept {
  socket_ = std::move(socket);
  state = State::Connecting;
  ++connection;
  may_end = false;
  wants_write = false;
}

void Client::end_connection() noexcept {
  socket_.reset();
  state = State::Closed;
  rest_.clear();
  output.clear();
  sent_ = 0;
}

Taken Client::take(std::span<char> buffer, std::string_view& bytes) noexcept {
  const std::size_t kept = rest_.size();
  std::memcpy(buffer.data(), rest_.data(), kept);
  const ssize_t count = ::recv(socket_.get(), buffer.data() + kept, buffer.size() - kept, 0);
  if (count == 0) return Taken::End;
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Taken::Nothing : Taken::Failed;
  bytes = {buffer.data(), kept + static_cast<std::size_t>(count)};
  return Taken::Bytes;
}

bool Client::keep(std::string_view rest) {
  rest_.assign(rest);
  return rest.size() <= kMostLineBytes;
}

Flushed Client::flush() noexcept {
  const std::size_t size = output.size() - sent_;
  if (size == 0) return Flushed::All;
  const ssize_t count = ::send(socket_.get(), output.data() + sent_, size, MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Flushed::Part : Flushed::Failed;
  sent_ += static_cast<std::size_t>(count);
  if (sent_ < output.size()) return Flushed::Part;
  output.clear();
  sent_ = 0;
  return Flushed::All;
}

}  // namespace rookery::load
