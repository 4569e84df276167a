#include "client/load/sequence.h"

namespace rookery::load {

namespace {
// Of what is missing so many are remembered; the faults are plain by then.
constexpr std::size_t kRemembered = 10000;
}  // namespace

bool Sequence::take_unexpected(std::uint64_t number, Faults& faults) {
  if (number < next_) {
    if (missing_ == nullptr || missing_->erase(number) == 0) {
      ++faults.doubled;
      return false;
    }
    --faults.lost;
    ++faults.out_of_order;
    return true;
  }
  if (missing_ == nullptr) missing_ = std::make_unique<std::set<std::uint64_t>>();
  faults.lost += number - next_;
  for (; next_ < number && missing_->size() < kRemembered; ++next_) missing_->insert(missing_->end(), next_);
  next_ = number + 1;
  return true;
}

}  // namespace rookery::load
