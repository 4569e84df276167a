#include "client/load/sequence.h"

#include <algorithm>

namespace rookery::load {

namespace {
// Of what is missing so many are remembered; it is plain by then that something is wrong.
constexpr std::size_t kRemembered = 10000;
}  // namespace

bool Sequence::take_unexpected(std::uint64_t number, Faults& faults) {
  if (number < next_) {
    if (missing_ == nullptr || missing_->numbers.erase(number) == 0) {
      ++faults.doubled;
      return false;
    }
    ++faults.out_of_order;
    return true;
  }
  if (missing_ == nullptr) missing_ = std::make_unique<Missing>();
  for (; next_ < number && missing_->numbers.size() < kRemembered; ++next_)
    missing_->numbers.insert(missing_->numbers.end(), next_);
  missing_->others += number - next_;
  next_ = number + 1;
  return true;
}

std::uint64_t Sequence::lost(std::uint64_t end) const noexcept {
  const std::uint64_t passed_over = missing_ == nullptr ? 0 : missing_->numbers.size() + missing_->others;
  return passed_over + std::max(end, next_) - next_;
}

bool Sequence::lacks(std::uint64_t number, std::uint64_t end) const noexcept {
  if (number >= next_) return number < end;
  return missing_ != nullptr && missing_->numbers.contains(number);
}

}  // namespace rookery::load
