#include "docs/labs/echo_models.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "docs/labs/children.h"
#include "docs/labs/say.h"
#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/process.h"
#include "ipc/wire/line_framing.h"
#include "worker/pool/thread_pool.h"

namespace rookery::labs {

namespace {

constexpr int kBacklog = 128;           // clients that the kernel lets wait until somebody accepts them
constexpr std::size_t kPoolQueue = 64;  // clients that wait for a thread of the pool

os::FileDescriptor accept_client(int listener) {
  for (;;) {
    os::FileDescriptor client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (client) return client;
    if (errno != EINTR && errno != ECONNABORTED) os::throw_errno("cannot accept a client");
  }
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string answer_to(std::string_view line) {
  return line == "/ping" ? "OK pong" : "Echo: " + std::string(line);  // the load tool greets with a ping
}

// Takes the lines that are whole out of `buffered`, and gives what to say to them.
std::string answers_to(std::string& buffered, bool& discarding) {
  std::string answers;
  std::size_t done = 0;
  for (;;) {
    const wire::Frame frame = wire::next_line(std::string_view(buffered).substr(done), discarding);
    done += frame.consumed;
    if (frame.kind == wire::FrameKind::Incomplete) break;
    answers += frame.kind == wire::FrameKind::Line ? answer_to(frame.line) : "ERR line-too-long";
    answers += '\n';
  }
  buffered.erase(0, done);
  return answers;
}

// One client, until it leaves.
void converse(const os::FileDescriptor& client) {
  std::string buffered;
  bool discarding = false;
  std::array<char, 4096> piece;
  for (;;) {
    const auto got = ::recv(client.get(), piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    buffered.append(piece.data(), static_cast<std::size_t>(got));
    if (!send_all(client.get(), answers_to(buffered, discarding))) return;
  }
}

[[noreturn]] void one_at_a_time(int listener, unsigned /*hands*/) {
  for (;;) converse(accept_client(listener));
}

[[noreturn]] void thread_per_client(int listener, unsigned /*hands*/) {
  for (;;) {
    os::FileDescriptor client = accept_client(listener);
    try {
      std::thread([own = std::move(client)] { converse(own); }).detach();  // ends with its client, or with us
    } catch (const std::system_error& error) {
      say("a client is turned away: {}", error.what());
    }
  }
}

[[noreturn]] void thread_pool_server(int listener, unsigned hands) {
  worker::ThreadPool pool(hands, kPoolQueue, {.nice = 0, .name = "echo"});
  for (;;) {
    if (!pool.try_post([client = accept_client(listener)] { converse(client); }))
      say("a client is turned away: {} wait already", kPoolQueue);
  }
}

[[noreturn]] void pre_fork(int listener, unsigned hands) {
  std::vector<os::Process> workers(hands);
  for (;;) {
    std::vector<pollfd> ends;
    for (os::Process& worker : workers) {
      if (!worker) worker = start_child([listener]() -> int { one_at_a_time(listener, 1); });
      ends.push_back({worker.pidfd(), POLLIN, 0});
    }
    if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) os::throw_errno("cannot wait for workers");
    for (os::Process& worker : workers)
      if (const std::optional<os::ExitStatus> end = worker.try_wait()) say("a worker ended: {}", end->describe());
  }
}

// On 127.0.0.1; port 0 takes a free one.
os::FileDescriptor listen_on_loopback(std::uint16_t port) {
  os::FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener) os::throw_errno("cannot create a socket");
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), kBacklog) != 0)
    os::throw_errno("cannot listen on 127.0.0.1 port " + std::to_string(port));
  return listener;
}

std::uint16_t port_of(const os::FileDescriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    os::throw_errno("cannot read the listener's address");
  return ntohs(address.sin_port);
}

constexpr std::array kModels{
    EchoModel{"one", "one client at a time", one_at_a_time},
    EchoModel{"threads", "a thread per client", thread_per_client},
    EchoModel{"pool", "a pool of threads", thread_pool_server},
    EchoModel{"prefork", "processes forked before", pre_fork},
};

}  // namespace

std::span<const EchoModel> echo_models() noexcept {
  return kModels;
}

const EchoModel* find_echo_model(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(kModels.begin(), kModels.end(), [name](const EchoModel& model) { return model.name == name; });
  return found == kModels.end() ? nullptr : found;
}

EchoServer::EchoServer(const EchoModel& model, unsigned hands, std::uint16_t port) {
  const os::FileDescriptor listener = listen_on_loopback(port);
  port_ = port_of(listener);
  process_ = start_child([&] { return model.serve(listener.get(), hands), 0; });
}

EchoServer::~EchoServer() {
  process_.signal(SIGTERM);
  static_cast<void>(wait_for_end(process_));
}

}  // namespace rookery::labs
