#include "worker/session/topic_list.h"

#include <algorithm>

namespace rookery::worker {

void TopicList::add(Topic* topic) {
  if (size_ == capacity_) {
    auto** const more = new Topic*[capacity_ * 2ULL];
    std::copy(begin(), end(), more);
    release();
    heap_ = more;
    capacity_ *= 2;
  }
  begin()[size_++] = topic;
}

void TopicList::remove(Topic* topic) noexcept {
  Topic** const last = std::remove(begin(), end(), topic);
  size_ = static_cast<std::uint32_t>(last - begin());
}

}  // namespace rookery::worker
