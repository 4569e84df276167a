// worker/pool/job.h
//
// Something to run once, on some other thread: holds any callable that takes no arguments, also one that can only be
// moved (a lambda that owns a Secret, a std::packaged_task). std::function wants to copy its callable, and
// std::move_only_function comes with C++23; this is the part of it that a thread pool needs.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace rookery::worker {

class Job;

template <class F>
concept Runnable = !std::same_as<std::remove_cvref_t<F>, Job> && std::invocable<std::decay_t<F>&>;

class Job final {
 public:
  template <Runnable F>
  Job(F&& f) : body_(std::make_unique<Body<std::decay_t<F>>>(std::forward<F>(f))) {}  // implicit, as std::function is

  // REQUIRES: not moved from. What the callable returns is dropped.
  void operator()() { body_->run(); }

  // False once it has been moved from.
  [[nodiscard]] explicit operator bool() const noexcept { return body_ != nullptr; }

 private:
  struct AnyBody {
    virtual ~AnyBody() = default;
    virtual void run() = 0;
  };

  template <class F>
  struct Body final : AnyBody {
    explicit Body(F&& f) : callable(std::move(f)) {}
    explicit Body(const F& f) : callable(f) {}
    void run() override { static_cast<void>(callable()); }
    F callable;
  };

  std::unique_ptr<AnyBody> body_;
};

}  // namespace rookery::worker
