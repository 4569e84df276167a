// worker/limits/client_watch.h
//
// Finds the clients of a loop that hold a seat and do nothing with it: no first line (or, where guests may not speak,
// no login) within the grace, no line for the idle time. They are told and closed.
//
// It needs no lists: a slice of all places is looked at now and then, each place every two seconds or so.
#pragma once

#include <cstdint>

#include "ipc/os/clock.h"
#include "worker/commands/command_context.h"

namespace rookery::worker {

class ClientWatch final {
 public:
  explicit ClientWatch(CommandContext& commands) noexcept : commands_(commands) {}

  // REQUIRES: called a few times a second.
  void turn(os::Monotonic::time_point now);

 private:
  void look_at(Session& session, os::Monotonic::time_point now);
  void close(Session& session, const std::string& why);

  CommandContext& commands_;
  std::uint32_t next_ = 0;
};

}  // namespace rookery::worker
