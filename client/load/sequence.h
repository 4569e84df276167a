// client/load/sequence.h
//
// Which numbers of one stream have come, when they should come as 0, 1, 2 ... Two words where all is well.
#pragma once

#include <cstdint>
#include <memory>
#include <set>

#include "client/load/outcome.h"

namespace rookery::load {

class Sequence final {
 public:
  // Number `number` has come. Whether that is twice, or after a later one, goes into `faults`; what never comes is in
  // lost(). True when it had not come before.
  bool take(std::uint64_t number, Faults& faults) {
    if (number == next_) [[likely]] {
      ++next_;
      return true;
    }
    return take_unexpected(number, faults);
  }
  // What is below `number` and has not come is not awaited.
  void start_at(std::uint64_t number) noexcept {
    if (number > next_) next_ = number;
  }
  // One more than the highest that has come.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }

  // How many have not come of those below `end`, or below next() if that is more.
  [[nodiscard]] std::uint64_t lost(std::uint64_t end) const noexcept;
  // Is this one of them?
  [[nodiscard]] bool lacks(std::uint64_t number, std::uint64_t end) const noexcept;

 private:
  bool take_unexpected(std::uint64_t number, Faults& faults);

  struct Missing {
    std::set<std::uint64_t> numbers;  // below next_
    std::uint64_t others = 0;         // too many to remember
  };

  std::uint64_t next_ = 0;
  std::unique_ptr<Missing> missing_;
};

}  // namespace rookery::load
