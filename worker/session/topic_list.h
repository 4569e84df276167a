// worker/session/topic_list.h
//
// The topics that a session listens to: a short list in the order of their coming. Two are everybody's, everybody and
// the lobby, and lie in the list itself; an idle client so has no memory of its own for them. Boost's small_vector with
// as many is twice as large.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace rookery::worker {

class Topic;

class TopicList final {
 public:
  TopicList() noexcept : inline_{} {}
  ~TopicList() { release(); }
  TopicList(TopicList&& other) noexcept : TopicList() { swap(other); }
  TopicList& operator=(TopicList&& other) noexcept {
    swap(other);
    return *this;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] Topic** begin() noexcept { return capacity_ == kInline ? inline_ : heap_; }
  [[nodiscard]] Topic** end() noexcept { return begin() + size_; }
  [[nodiscard]] Topic* const* begin() const noexcept { return capacity_ == kInline ? inline_ : heap_; }
  [[nodiscard]] Topic* const* end() const noexcept { return begin() + size_; }
  [[nodiscard]] Topic* back() const noexcept { return end()[-1]; }

  void add(Topic* topic);  // throws std::bad_alloc
  void remove(Topic* topic) noexcept;

 private:
  static constexpr std::uint32_t kInline = 2;

  void release() noexcept {
    if (capacity_ != kInline) delete[] heap_;
  }
  void swap(TopicList& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(inline_, other.inline_);  // the larger member: whichever of the two is in use
  }

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kInline;
  union {
    Topic* inline_[kInline];
    Topic** heap_;
  };
};

}  // namespace rookery::worker
