#include "ipc/os/thread.h"

#include <memory>
#include <string>

namespace rookery::os {

namespace {

void* run_body(void* body) {
  const std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()>*>(body));
  (*owned)();
  return nullptr;
}

}  // namespace

int Thread::start(std::size_t stack_bytes, std::function<void()> body) {
  pthread_attr_t attributes;
  if (const int error = ::pthread_attr_init(&attributes)) return error;
  int error = ::pthread_attr_setstacksize(&attributes, stack_bytes);
  auto owned = std::make_unique<std::function<void()>>(std::move(body));
  if (error == 0) error = ::pthread_create(&handle_, &attributes, run_body, owned.get());
  ::pthread_attr_destroy(&attributes);
  if (error != 0) return error;
  static_cast<void>(owned.release());  // the thread's
  running_ = true;
  return 0;
}

void Thread::join() noexcept {
  if (running_) ::pthread_join(handle_, nullptr);
  running_ = false;
}

void name_this_thread(std::string_view name) noexcept {
  // Nobody has to know if it fails: the thread keeps the name of its creator then.
  static_cast<void>(::pthread_setname_np(::pthread_self(), std::string(name.substr(0, kMaxThreadNameBytes)).c_str()));
}

}  // namespace rookery::os
