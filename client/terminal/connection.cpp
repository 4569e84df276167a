#include "client/terminal/connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rookery::client {
namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(10);  // for one address
constexpr std::size_t kSocketReadBytes = 64 * 1024;
constexpr int kReadsAtOnce = 16;  // then the keyboard has its turn

std::string describe(int error_number) {
  return std::strerror(error_number);
}

void set_option(int fd, int level, int option, int value) {
  // These are comforts: a socket that lacks one still carries the chat.
  (void)::setsockopt(fd, level, option, &value, sizeof value);
}

// A peer that vanished without a word is noticed after a minute.
void tune(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

void Connection::connect() {
  close();
  input_.clear();
  line_start_ = scanned_ = 0;
  output_.clear();
  output_sent_ = 0;

  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int outcome = ::getaddrinfo(endpoint_.host.c_str(), endpoint_.port.c_str(), &hints, &list);
  if (outcome != 0) {
    error_ = outcome == EAI_SYSTEM ? describe(errno) : ::gai_strerror(outcome);
    return;
  }
  addresses_.reset(list);
  next_address_ = list;
  error_ = "no address";
  try_next_address();
}

bool Connection::connect_and_wait() {
  connect();
  while (state_ == State::Connecting) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(connect_deadline_ - Clock::now()).count();
    pollfd waited{fd_, poll_events(), 0};
    if (::poll(&waited, 1, left < 0 ? 0 : static_cast<int>(left)) > 0) on_ready(waited.revents);
    on_time();
  }
  return state_ == State::Open;
}

void Connection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  state_ = State::Closed;
}

void Connection::try_next_address() {
  while (next_address_ != nullptr) {
    const addrinfo& address = *next_address_;
    next_address_ = address.ai_next;
    close();
    fd_ = ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
    if (fd_ < 0) {
      error_ = describe(errno);
      continue;
    }
    if (::connect(fd_, address.ai_addr, address.ai_addrlen) == 0) {
      state_ = State::Open;
      tune(fd_);
      return;
    }
    if (errno == EINPROGRESS || errno == EINTR) {
      state_ = State::Connecting;
      connect_deadline_ = Clock::now() + kConnectTimeout;
      return;
    }
    error_ = describe(errno);
  }
  close();
}

void Connection::finish_connect() {
  int error_number = 0;
  socklen_t size = sizeof error_number;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) error_number = errno;
  if (error_number != 0) {
    error_ = describe(error_number);
    try_next_address();
    return;
  }
  state_ = State::Open;
  tune(fd_);
  flush();
}

void Connection::give_up(std::string reason) {
  error_ = std::move(reason);
  close();
}

short Connection::poll_events() const {
  switch (state_) {
    case State::Closed:
      return 0;
    case State::Connecting:
      return POLLOUT;
    case State::Open:
      break;
  }
  return output_sent_ < output_.size() ? POLLIN | POLLOUT : POLLIN;
}

std::optional<Connection::Clock::time_point> Connection::deadline() const {
  if (state_ != State::Connecting) return std::nullopt;
  return connect_deadline_;
}

void Connection::on_time() {
  if (state_ != State::Connecting || Clock::now() < connect_deadline_) return;
  error_ = describe(ETIMEDOUT);
  try_next_address();
}

void Connection::on_ready(short revents) {
  if (revents == 0 || state_ == State::Closed) return;
  if (state_ == State::Connecting) {
    finish_connect();
    return;
  }
  if ((revents & POLLOUT) != 0) flush();
  if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0) receive();
}

void Connection::receive() {
  for (int reads = 0; reads < kReadsAtOnce; ++reads) {
    const std::size_t had = input_.size();
    if (had - line_start_ > kMaxServerLineBytes && input_.find('\n', line_start_ + scanned_) == std::string::npos) {
      give_up("the server sent a line of more than 16 MiB");
      return;
    }
    input_.resize(had + kSocketReadBytes);
    const ssize_t count = ::recv(fd_, input_.data() + had, kSocketReadBytes, 0);
    const int error_number = errno;
    input_.resize(had + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count > 0) continue;
    if (count == 0) {
      give_up("the server closed the connection");
      return;
    }
    if (error_number == EAGAIN || error_number == EWOULDBLOCK) return;
    if (error_number == EINTR) continue;
    give_up(describe(error_number));
    return;
  }
}

void Connection::send_line(std::string_view line) {
  if (state_ == State::Closed) return;
  output_.append(line);
  output_.push_back('\n');
  if (state_ == State::Open) flush();
}

void Connection::flush() {
  while (output_sent_ < output_.size()) {
    const ssize_t count = ::send(fd_, output_.data() + output_sent_, output_.size() - output_sent_, MSG_NOSIGNAL);
    if (count >= 0) {
      output_sent_ += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    // The peer takes no more, but may have said why before: that is for receive() to find.
    break;
  }
  output_.clear();
  output_sent_ = 0;
}

std::optional<std::string> Connection::next_line() {
  const std::size_t end = input_.find('\n', line_start_ + scanned_);
  std::string line;
  if (end != std::string::npos) {
    line = input_.substr(line_start_, end - line_start_);
    line_start_ = end + 1;
    scanned_ = 0;
  } else {
    scanned_ = input_.size() - line_start_;
    // Half a line is worth showing only if it can be words for people: a server that refuses us in a hurry.
    if (state_ != State::Closed || scanned_ == 0 || input_[line_start_] == '{') {
      input_.erase(0, line_start_);
      line_start_ = 0;
      return std::nullopt;
    }
    line = input_.substr(line_start_);
    line_start_ = input_.size();
    scanned_ = 0;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace rookery::client
