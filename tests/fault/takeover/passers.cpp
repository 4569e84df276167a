#include "tests/fault/takeover/passers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace rookery::system_test {
namespace {

constexpr std::size_t kAtATime = 5;
constexpr std::chrono::milliseconds kStep{2};
constexpr std::uint64_t kLongestPauseUs = 20'000;

}  // namespace

Passers::Passers(std::uint16_t port, std::vector<std::string> rooms, std::uint64_t seed)
    : port_(port), rooms_(std::move(rooms)), random_(seed ^ 0xd00), thread_([this] { run(); }) {}

void Passers::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Passers::run() {
  while (!stop_) {
    std::this_thread::sleep_for(kStep * kSlowness);
    if (passers_.size() < kAtATime && port_ != 0) static_cast<void>(come());
    for (Passer& passer : passers_)
      if (Clock::now() >= passer.next_deed) go_on(passer);
    std::erase_if(passers_, [](const Passer& passer) { return passer.descriptor < 0; });
  }
  for (Passer& passer : passers_) reset(passer);
}

// Without waiting: whether the connection stands when it speaks, or is reset, is as it comes.
bool Passers::come() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = ::htons(port_);
  static_cast<void>(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  passers_.push_back({descriptor, some_words(), Clock::now()});
  return true;
}

std::string Passers::some_words() {
  std::string words;
  for (std::uint64_t deeds = 1 + below(4); deeds > 0; --deeds) {
    const std::string& room = rooms_[below(rooms_.size())];
    words += (below(3) == 0 ? "/leave " : "/join ") + room + "\n";
  }
  return words;
}

// Says the next piece of it, which need not be a line; takes what it is told, or leaves it unread; goes.
void Passers::go_on(Passer& passer) {
  passer.next_deed = Clock::now() + std::chrono::microseconds{below(kLongestPauseUs)} * kSlowness;
  if (!passer.words.empty()) {
    const std::size_t size = below(3) == 0 ? 1 + below(passer.words.size()) : passer.words.size();
    const ssize_t sent = ::send(passer.descriptor, passer.words.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) passer.words.erase(0, static_cast<std::size_t>(sent));
    if (below(4) != 0) return;
  }
  char bytes[4096];
  if (below(2) == 0) static_cast<void>(::recv(passer.descriptor, bytes, sizeof bytes, MSG_DONTWAIT));
  if (below(3) == 0) reset(passer);
}

void Passers::reset(Passer& passer) {
  const linger at_once{1, 0};
  ::setsockopt(passer.descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(passer.descriptor);
  passer.descriptor = -1;
  ++resets_;
}

}  // namespace rookery::system_test
