// worker/handover/successor.h
//
// Carries on the clients of a dead worker: those of this slot's own predecessor, in place, and those of other workers
// whose slot has no successor now, in blocks of its own.
//
// For each: what the block says is checked (remains.h), the kernel is asked how many bytes were really received and
// given (connection_counts.h), the log is read from where the session stood (replay.h); who lacks a lot of it gets
// the rest as fast as he takes it (catch_up.h). Then it goes on as if nothing
// had been: the half line it had sent lies in its input, the half message it was sent is continued at the next byte, a
// command that was not done is begun again.
//
// What does not fit together closes that one session, with a hint to connect again and resume.
//
// When this process dies of it or in the middle  its block is at every instant as fit for the next one as it was: in
// place, nothing is changed but by commits that are true; of another worker's, nothing is changed at all, and the
// master counts the client as ours only when we have said so.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "worker/handover/catch_up.h"
#include "worker/handover/connection_counts.h"
#include "worker/handover/custody.h"
#include "worker/handover/remains.h"
#include "worker/handover/replay.h"
#include "worker/session/input.h"
#include "worker/session/socket_watch.h"

namespace rookery::worker {

// A client that the master asks this worker to carry on.
struct Arrival {
  std::uint64_t client = 0;
  std::uint32_t worker = 0;  // the dead one,
  chat::Place from;          // and where it sat there
  os::FileDescriptor socket;
  std::string doubt;  // why it is to be closed; usually empty
};

class Successor final {
 public:
  Successor(CommandContext& commands, Receipts& receipts, Input& input, BufferPool& buffers, SocketWatch& watch,
            Custody& custody, std::uint32_t loop);

  // Before the loop's first turn, in its thread: those of the predecessor, as WorkerStart has them.
  void take_over();
  // REQUIRES: the loop has read and flushed all that was published when they arrived.
  void adopt(std::vector<Arrival> arrivals);

 private:
  struct Case {
    Session* session = nullptr;
    std::string_view damage;          // a literal
    std::uint32_t receive_limit = 0;  // as in Remains
    ConnectionCounts counts;
    bool urgent_inline = true;  // its socket had SO_OOBINLINE; only those that an older program accepted may lack it
    bool gone = false;          // there is no connection any more
  };

  [[nodiscard]] WholeRegion region_of(std::uint32_t worker);
  void open_case(Case opened, const chat::LoopControl& dead, std::uint32_t dead_slot, std::uint64_t dead_epoch);
  [[nodiscard]] std::string_view settle_counts(Case& opened, std::uint64_t& already_sent);
  [[nodiscard]] static std::string_view settle_input(Case& opened);
  void replay(shm::Position from);
  void close_case(Case& opened, const ReplayPart& part);
  [[nodiscard]] std::string_view settle_asked(Session& session, const ReplayPart& part);
  void doubt(Session& session, std::string_view why);
  [[nodiscard]] bool watch(Session& session);
  void go_on(Case& opened, const ReplayPart& part);
  [[nodiscard]] Session* import(Arrival& arrival, const WholeRegion& region, const Remains& remains);
  [[nodiscard]] bool copy_buffers(Session& session, const WholeRegion& region, std::uint32_t loop,
                                  const Remains& remains);
  void begin_batch() noexcept;
  void end_batch() noexcept;

  CommandContext& commands_;
  Input& input_;
  BufferPool& buffers_;
  SocketWatch& watch_;
  Custody& custody_;
  std::uint32_t loop_;
  chat::Suspect& suspect_;  // the loop's
  Replay replay_;
  CatchUp catch_up_;
  std::vector<Case> cases_;
  std::vector<ReplayPart> parts_;                       // one for each case
  std::vector<std::unique_ptr<shm::Mapping>> regions_;  // of other workers, whole; during a batch
};

}  // namespace rookery::worker
