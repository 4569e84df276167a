// worker/commands/barrier.h
//
// ping, the barrier: its answer comes when the client's earlier commands are in the log and everything published up to
// the ping has been delivered to that client. The first holds because a ping starts only when no answer from the log is
// outstanding; for the second the pong waits until this loop has read the log up to where it ended at the ping, and the
// client has been given it. Other answers that must not overtake what was said before wait here likewise.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ipc/shm/record_queue.h"
#include "ipc/wire/command.h"
#include "worker/session/session.h"

namespace rookery::worker {

struct CommandContext;
enum class Outcome : unsigned char;

class Barrier final {
 public:
  Outcome ping(CommandContext& context, Session& session, const wire::Command& command);

  // Once the session has been given the log up to `until`; not at all if it has gone.
  void after(shm::Position until, const Session& session, std::function<void()> job);

  // The loop has read and flushed the log: answers those it had to reach. REQUIRES: after a flush.
  void turn(CommandContext& context);

 private:
  struct Waiting {
    shm::Position until;
    std::uint32_t session;
    std::uint64_t client;
    std::function<void()> job;
  };
  std::vector<Waiting> waiting_;
};

}  // namespace rookery::worker
