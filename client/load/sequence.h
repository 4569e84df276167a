// client/load/sequence.h
//
// Which numbers of one stream have come, when they should come as 0, 1, 2 ... A word or two where all is well.
#pragma once

#include <cstdint>
#include <memory>
#include <set>

#include "client/load/outcome.h"

namespace rookery::load {

class Sequence final {
 public:
  // Number `number` has come. What that says goes into `faults`: numbers passed over are lost until they come after
  // all; then they are out of order. True when it had not come before.
  bool take(std::uint64_t number, Faults& faults) {
    if (number == next_) [[likely]] {
      ++next_;
      return true;
    }
    return take_unexpected(number, faults);
  }
  // Everything below has come or counts as lost.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }

 private:
  bool take_unexpected(std::uint64_t number, Faults& faults);

  std::uint64_t next_ = 0;
  std::unique_ptr<std::set<std::uint64_t>> missing_;  // below next_
};

}  // namespace rookery::load
