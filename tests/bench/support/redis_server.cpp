#include "tests/bench/support/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::bench {

namespace {

constexpr std::chrono::seconds kRedisStartsWithin{10};
constexpr int kRedisNotStarted = 127;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Free at this moment: Redis cannot choose one itself.
std::uint16_t free_port() {
  const os::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), name, size) != 0 || ::getsockname(socket.get(), name, &size) != 0)
    os::throw_errno("no free port");
  return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
  const os::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

int run_program(std::vector<std::string> command) {
  const int nothing = ::open("/dev/null", O_RDWR);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(nothing, STDOUT_FILENO) < 0) return kRedisNotStarted;
  os::close_all_but({});
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  return kRedisNotStarted;
}

// A message as a subscriber gets it.
std::string frame(const std::string& payload) {
  return fmt::format("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n${}\r\n{}\r\n", payload.size(), payload);
}

}  // namespace

std::optional<std::string> installed_redis() {
  const char* const path = std::getenv("PATH");
  std::istringstream directories(path != nullptr ? path : "");
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string program = directory + "/redis-server";
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

RedisServer::RedisServer(const std::string& program, std::size_t clients) : port_(free_port()) {
  const std::vector<std::string> command{program,
                                         "--bind",
                                         "127.0.0.1",
                                         "--port",
                                         std::to_string(port_),
                                         "--save",
                                         "",
                                         "--appendonly",
                                         "no",
                                         "--maxclients",
                                         std::to_string(clients + 8),
                                         "--dir",
                                         directory_.path().string()};
  const pid_t parent = ::getpid();
  process_ = os::Process::spawn([&] { return os::tie_to_parent(parent) ? run_program(command) : kRedisNotStarted; });
  const auto deadline = os::Monotonic::now() + kRedisStartsWithin;
  while (!accepts(port_)) {
    if (process_.try_wait() || os::Monotonic::now() > deadline) throw std::runtime_error(program + " does not start");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

RedisServer::~RedisServer() {
  if (!process_) return;
  process_.signal(SIGKILL);  // it has nothing to keep
  pollfd ended{process_.pidfd(), POLLIN, 0};
  ::poll(&ended, 1, -1);
  static_cast<void>(process_.try_wait());
}

Contestant RedisServer::contestant(const Load& load, std::size_t message_bytes) const {
  std::string payload(load.text_bytes, 'x');
  while (payload.size() > 1 && frame(payload).size() > message_bytes) payload.pop_back();
  while (frame(payload).size() < message_bytes) payload.push_back('x');
  constexpr std::size_t kLinesOfSubscribe = 6;
  Crowd crowd(port_, load.senders, "PING\r\n");
  crowd.enter(port_, load.readers, "SUBSCRIBE c\r\n", kLinesOfSubscribe);
  return {.name = "Redis pub/sub",
          .processes = {process_.pid()},
          .crowd = std::move(crowd),
          .senders = load.senders,
          .say = "PUBLISH c " + payload + "\r\n",
          .senders_hear = false,
          .lines_each = count_lines(frame(payload))};
}

}  // namespace rookery::bench
