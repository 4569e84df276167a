// worker/session/shut_out.h
//
// The networks whose clients this loop does not serve for a while, because their requests crashed workers. The master
// decides (master/supervisor/penalty_box.h), each loop keeps a list of its own.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "ipc/chat/source_address.h"
#include "ipc/os/clock.h"

namespace rookery::worker {

class ShutOut final {
 public:
  using TimePoint = os::Monotonic::time_point;

  void add(const chat::SourceAddress& network, TimePoint until) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.network == network; });
    entries_.push_back({network, until});
  }

  // How long that address must still wait; empty: it is welcome. Forgets what is over.
  [[nodiscard]] std::optional<std::chrono::seconds> waits(const chat::SourceAddress& source, TimePoint now) {
    if (entries_.empty()) return std::nullopt;
    std::erase_if(entries_, [now](const Entry& entry) { return entry.until <= now; });
    const auto found = std::ranges::find(entries_, source.network(), &Entry::network);
    if (found == entries_.end()) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(found->until - now);
  }

 private:
  struct Entry {
    chat::SourceAddress network;
    TimePoint until;
  };
  std::vector<Entry> entries_;
};

}  // namespace rookery::worker
