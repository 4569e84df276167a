#include "tests/bench/support/bare_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include "ipc/os/errors.h"
#include "ipc/os/poller.h"
#include "tests/bench/support/bare_threads.h"
#include "tests/bench/support/lines.h"

namespace rookery::bench {

namespace {

constexpr int kBacklog = 1024;

os::FileDescriptor listen_anywhere(std::uint16_t& port) {
  os::FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (!listener || ::bind(listener.get(), name, size) != 0 || ::listen(listener.get(), kBacklog) != 0 ||
      ::getsockname(listener.get(), name, &size) != 0)
    os::throw_errno("cannot listen");
  port = ntohs(address.sin_port);
  return listener;
}

class BareLoop final {
 public:
  BareLoop(BareKind kind, std::string message, std::string answer, int listener)
      : kind_(kind), message_(std::move(message)), answer_(std::move(answer)), listener_(listener) {
    if (!poller_.add(listener_, EPOLLIN, kListenerToken)) os::throw_errno("cannot poll");
  }

  [[noreturn]] void run() {
    for (;;) {
      for (const epoll_event& event : poller_.wait(std::chrono::milliseconds(-1))) {
        if (event.data.u64 == kListenerToken) {
          accept_all();
          continue;
        }
        Connection& connection = *connections_[event.data.u64];
        if ((event.events & EPOLLOUT) != 0) write(connection, {});
        if ((event.events & EPOLLIN) != 0) read(connection);
      }
      send_batch();
    }
  }

 private:
  struct Connection {
    os::FileDescriptor socket;
    std::uint64_t token = 0;
    bool greeted = false;
    std::size_t answers_due = 0;
    LineCutter lines;
    std::string held;  // what the socket would not take
  };
  static constexpr std::uint64_t kListenerToken = ~0ULL;

  void accept_all() {
    for (;;) {
      os::FileDescriptor socket(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket) return;
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_.push_back(std::make_unique<Connection>());
      Connection& connection = *connections_.back();
      connection.socket = std::move(socket);
      connection.token = connections_.size() - 1;
      if (!poller_.add(connection.socket.get(), EPOLLIN, connection.token)) os::throw_errno("cannot poll");
    }
  }

  void read(Connection& connection) {
    const ssize_t got = ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got <= 0) {
      if (got == 0 || (errno != EAGAIN && errno != EINTR)) poller_.remove(connection.socket.get());
      return;
    }
    out_.clear();
    connection.lines.feed({buffer_.data(), static_cast<std::size_t>(got)}, [&](std::string_view line) {
      if (kind_ == BareKind::Echo) {
        out_.append("Echo: ").append(line).push_back('\n');
      } else if (!std::exchange(connection.greeted, true)) {
        out_.append("OK pong\n");
      } else if (kind_ == BareKind::SendEach) {
        for (const auto& reader : connections_) write(*reader, message_);
        write(connection, answer_);
      } else {
        batch_.append(message_);
        if (connection.answers_due++ == 0) senders_.push_back(&connection);
      }
    });
    if (!out_.empty()) write(connection, out_);
  }

  void send_batch() {
    if (batch_.empty()) return;
    for (const auto& reader : connections_) {
      if (reader->answers_due == 0) write(*reader, batch_);
    }
    for (Connection* sender : std::exchange(senders_, {})) {
      out_ = batch_;
      for (; sender->answers_due > 0; --sender->answers_due) out_.append(answer_);
      write(*sender, out_);
    }
    batch_.clear();
  }

  void write(Connection& connection, std::string_view bytes) {
    const bool held = !connection.held.empty();
    if (held) {
      connection.held.append(bytes);
      bytes = connection.held;
    }
    const ssize_t sent = ::send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return;  // it has gone
    bytes.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
    if (held || !bytes.empty()) connection.held = std::string(bytes);
    if (held == !connection.held.empty()) return;
    const std::uint32_t events = held ? EPOLLIN : EPOLLIN | EPOLLOUT;
    if (!poller_.modify(connection.socket.get(), events, connection.token)) os::throw_errno("cannot poll");
  }

  BareKind kind_;
  std::string message_;
  std::string answer_;
  int listener_;
  os::Poller poller_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> senders_;  // answers are due to them
  std::string batch_;
  std::string out_;
  std::array<char, 64 * 1024> buffer_;
};

}  // namespace

BareServer::BareServer(BareKind kind, std::string message, std::string answer) {
  const os::FileDescriptor listener = listen_anywhere(port_);
  const pid_t parent = ::getpid();
  process_ = os::Process::spawn([&]() -> int {
    if (!os::tie_to_parent(parent)) return 1;
    os::close_all_but({listener.get()});
    if (kind == BareKind::EchoThreads) {
      if (::fcntl(listener.get(), F_SETFL, 0) != 0) os::throw_errno("cannot make the listener block");
      serve_with_a_thread_per_client(listener.get());
    }
    BareLoop(kind, std::move(message), std::move(answer), listener.get()).run();
  });
}

BareServer::~BareServer() {
  if (!process_) return;
  process_.signal(SIGKILL);
  pollfd ended{process_.pidfd(), POLLIN, 0};
  ::poll(&ended, 1, -1);
  static_cast<void>(process_.try_wait());
}

}  // namespace rookery::bench
