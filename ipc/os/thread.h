// ipc/os/thread.h
//
// A thread with a stack of a chosen size, for those who make a thousand of them: std::thread takes the 8 MiB of
// `ulimit -s`, and throws where the system has no more threads to give.
//
//     Thread thread;
//     if (const int error = thread.start(stack_bytes, [&] { ... })) ...  // EAGAIN: as many threads as there may be
//     thread.join();
//
// Joined by the destructor at the latest. Move-only.
//
//     name_this_thread("stores");  // any thread, also one of std::thread
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

namespace rookery::os {

class Thread final {
 public:
  Thread() = default;
  Thread(Thread&& other) noexcept : handle_(other.handle_), running_(std::exchange(other.running_, false)) {}
  Thread& operator=(Thread&& other) noexcept {
    if (this == &other) return *this;
    join();
    handle_ = other.handle_;
    running_ = std::exchange(other.running_, false);
    return *this;
  }
  ~Thread() { join(); }

  // 0, or the error number: then `body` does not run. An exception that leaves `body` ends the process.
  // REQUIRES: it holds no thread.
  [[nodiscard]] int start(std::size_t stack_bytes, std::function<void()> body);
  void join() noexcept;

 private:
  pthread_t handle_{};
  bool running_ = false;
};

inline constexpr std::size_t kMaxThreadNameBytes = 15;  // TASK_COMM_LEN of Linux, without its NUL

// Shown by ps, top and debuggers. `name` is cut to fit.
void name_this_thread(std::string_view name) noexcept;

}  // namespace rookery::os
