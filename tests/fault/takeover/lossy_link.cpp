#include "tests/fault/takeover/lossy_link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

namespace rookery::system_test {
namespace {

using Time = std::chrono::steady_clock::time_point;

[[noreturn]] void unavailable(const std::string& what) {
  throw Unavailable(what + ": " + std::strerror(errno));
}

ifreq request_for(const char* device) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  return request;
}

void set_address(int socket, const char* device, unsigned long what, const std::string& address) {
  ifreq request = request_for(device);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = ::inet_addr(address.c_str());
  std::memcpy(&request.ifr_addr, &in, sizeof in);
  if (::ioctl(socket, what, &request) != 0) unavailable("no address for a device");
}

void bring_up(int socket, const char* device) {
  ifreq request = request_for(device);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0) unavailable("a device does not come up");
}

struct Packet {
  std::vector<char> bytes;
  Time due;
};

// What is on its way in one direction, oldest first: nothing is overtaken.
using Way = std::deque<Packet>;

}  // namespace

NetworkEnd::NetworkEnd(std::string address) : address_(std::move(address)) {
  std::promise<void> entered;
  auto has_entered = entered.get_future();
  thread_ = std::thread([this, promise = std::move(entered)]() mutable { live(std::move(promise)); });
  try {
    has_entered.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

NetworkEnd::~NetworkEnd() {
  next_.set_value({});
  thread_.join();
  ::close(device_);
}

void NetworkEnd::live(std::promise<void> entered) {
  try {
    enter();
  } catch (...) {
    return entered.set_exception(std::current_exception());
  }
  entered.set_value();
  for (;;) {
    std::packaged_task<void()> task = next_.get_future().get();
    next_ = {};
    if (!task.valid()) return;
    task();
  }
}

void NetworkEnd::run(const std::function<void()>& work) {
  std::packaged_task<void()> task(work);
  auto done = task.get_future();
  next_.set_value(std::move(task));
  done.get();
}

void NetworkEnd::enter() {
  if (::unshare(CLONE_NEWNET) != 0) unavailable("no network namespaces");
  device_ = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device_ < 0) unavailable("no TUN devices");
  constexpr const char* kDevice = "wire";
  ifreq request = request_for(kDevice);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(device_, TUNSETIFF, &request) != 0) unavailable("no TUN device");
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) unavailable("no socket");
  set_address(socket, kDevice, SIOCSIFADDR, address_);
  set_address(socket, kDevice, SIOCSIFNETMASK, "255.255.255.0");
  bring_up(socket, kDevice);
  bring_up(socket, "lo");
  ::close(socket);
}

LossyWire::LossyWire(const NetworkEnd& one, const NetworkEnd& other, Weather weather)
    : thread_([this, first = one.device(), second = other.device(), weather] { carry(first, second, weather); }) {}

LossyWire::~LossyWire() {
  stop_ = true;
  thread_.join();
}

void LossyWire::carry(int one, int other, Weather weather) {
  constexpr int kWaitMs = 1;
  std::mt19937_64 random(weather.seed);
  std::array<int, 2> ends{one, other};
  std::array<Way, 2> ways;  // from each end to the other one
  std::array<char, 4096> bytes;
  while (!stop_) {
    std::array<pollfd, 2> polled{{{one, POLLIN, 0}, {other, POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), kWaitMs);
    const Time now = std::chrono::steady_clock::now();
    for (std::size_t from = 0; from < 2; ++from) {
      for (ssize_t size; (size = ::read(ends[from], bytes.data(), bytes.size())) > 0;) {
        if (std::uniform_real_distribution<double>(0, 100)(random) < weather.loss_percent)
          ++lost_;
        else
          ways[from].push_back({{bytes.begin(), bytes.begin() + size}, now + weather.delay});
      }
      for (Way& way = ways[from]; !way.empty() && way.front().due <= now; way.pop_front()) {
        const std::vector<char>& packet = way.front().bytes;
        if (::write(ends[1 - from], packet.data(), packet.size()) > 0) ++carried_;
      }
    }
  }
}

}  // namespace rookery::system_test
