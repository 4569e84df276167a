// tests/fault/takeover/lossy_link.h
//
// Two network namespaces and a wire between them that loses and delays packets: two TUN devices, and a thread that
// carries packets from one to the other, or does not. The kernel's own netem is not there on every machine.
//
//   NetworkEnd far("10.211.7.1"), near("10.211.7.2");   // throws Unavailable where the machine does not allow it
//   const LossyWire wire(far, near, {.loss_percent = 3, ...});
//   far.run([&] { ... the server ... });                 // what is started in there stays in there
//   near.run([&] { ... the clients ... });
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace rookery::system_test {

class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A namespace with a loopback device and one more that has the address. Lives in a thread of its own: threads and
// processes that start from it are in it too.
class NetworkEnd final {
 public:
  explicit NetworkEnd(std::string address);
  ~NetworkEnd();
  NetworkEnd(const NetworkEnd&) = delete;
  NetworkEnd& operator=(const NetworkEnd&) = delete;

  // In its thread; returns when it is done, and rethrows.
  void run(const std::function<void()>& work);
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] int device() const noexcept { return device_; }

 private:
  void live(std::promise<void> entered);
  void enter();

  std::string address_;
  int device_ = -1;
  std::promise<std::packaged_task<void()>> next_;
  std::thread thread_;
};

struct Weather {
  double loss_percent = 0;
  std::chrono::microseconds delay{0};  // each way
  std::uint64_t seed = 1;
};

class LossyWire final {
 public:
  LossyWire(const NetworkEnd& one, const NetworkEnd& other, Weather weather);
  ~LossyWire();
  LossyWire(const LossyWire&) = delete;
  LossyWire& operator=(const LossyWire&) = delete;

  [[nodiscard]] std::uint64_t carried() const noexcept { return carried_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

 private:
  void carry(int one, int other, Weather weather);

  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> carried_ = 0, lost_ = 0;
  std::thread thread_;
};

}  // namespace rookery::system_test
