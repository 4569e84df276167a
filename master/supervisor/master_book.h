// master/supervisor/master_book.h
//
// The master's pen in its region (ipc/chat/master_region.h): what it knows and metrics tell.
#pragma once

#include <chrono>
#include <cstdint>

#include "ipc/chat/master_region.h"
#include "ipc/chat/shared_state.h"

namespace rookery::master {

class MasterBook final {
 public:
  // Makes the region, or goes on with what a predecessor in this process has written. The mapping is not handed down to
  // children. Throws where it cannot be mapped.
  explicit MasterBook(const chat::SharedState& state);

  void restarted(chat::ProcessRole role, chat::EndCause why) noexcept;
  // The last client of a dead worker is carried on, so long after its death.
  void paused(std::chrono::microseconds how_long) noexcept;

  [[nodiscard]] chat::MasterRegionHeader& header() const noexcept { return view().header(); }
  // REQUIRES: index of a child.
  [[nodiscard]] chat::ProcessEntry& entry(std::uint32_t index) const noexcept { return view().entry(index); }

 private:
  [[nodiscard]] chat::MasterRegionView view() const noexcept { return {mapping_, layout_}; }

  chat::MasterLayout layout_;
  shm::Mapping mapping_;
};

}  // namespace rookery::master
