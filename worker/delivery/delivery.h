// worker/delivery/delivery.h
//
// Brings everything that sessions must get to their sockets, in order, with as few writes as can be.
//
// A session's stream of output is: its own output so far, then the log from its cursor on, as far as its topics have
// it. A session that takes everything has no cursor of its own (it is where the loop is) and no memory here. One whose
// socket takes no more is "behind": it keeps a cursor and is served from the tapes when the socket is writable again.
//
// Within a turn of the loop: messages are put on tapes (tape_for), replies into own output (reply); flush() then gives
// each session concerned one write with all of it. Before anything that must come between, like a change of who is
// in a room, flush() first.
//
// A slow session costs what its own output holds (bounded) and its place on shared tapes, which are trimmed: what it
// has missed then is counted and told. So it is where the tapes together take more than the loop may have for them: who
// lacks most is passed over first (memory.cpp). Only what it was too slow for: what it lacks because its worker died,
// or because this loop stood still, is read from the log ring again, for it alone (read_ring). One that takes nothing
// for kStalledFor is closed: what counts is what its kernel acknowledges, since a slow one may need minutes to free as
// much of a socket buffer as makes it writable again.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "worker/delivery/log_again.h"
#include "worker/delivery/own_output.h"
#include "worker/delivery/topic.h"
#include "worker/session/session_table.h"
#include "worker/session/socket_watch.h"

namespace rookery::worker {

// What a tape holds for members that are behind.
inline constexpr std::size_t kMaxTapeBytes = 1024 * 1024;
// Of output of its own, for a session that is given the log again: as much as a socket takes at once.
inline constexpr std::size_t kRingPieceBytes = 64 * 1024;
// How long a socket may take nothing while there is output for it.
inline constexpr std::chrono::seconds kStalledFor{30};
// How long we wait for the peer to take our last words and close.
inline constexpr std::chrono::seconds kLingerFor{2};

class Delivery final {
  TapeMemory tape_memory_;  // outlives the tapes of the topics

 public:
  TopicMap topics;

  // A session that has `max_own_output_bytes` of its own output waiting is closed as too slow. `heard`: see TopicMap.
  Delivery(SocketWatch& watch, SessionTable& sessions, BufferPool& buffers, chat::LoopControl& control,
           std::size_t max_own_output_bytes = ClientLimits{}.queued_bytes,
           std::span<std::atomic<std::uint64_t>> heard = {});

  void allow_own_output(std::size_t bytes) noexcept { max_own_output_bytes_ = bytes; }
  void allow_tapes(std::size_t bytes) noexcept { tape_memory_.most = bytes; }
  [[nodiscard]] const TapeMemory& tape_memory() const noexcept { return tape_memory_; }

  // Everything before this log position is on the tapes; the record being applied begins here.
  void set_position(std::uint64_t position) noexcept { position_ = position; }
  // The same where no session listens yet, or all have had everything before it.
  void begin_at(std::uint64_t position) noexcept { position_ = delivered_ = position; }
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

  // Writes the session's stream through to its block: what a successor goes on from. To be called when a command is
  // done, and before anything that cannot be undone: a send, a receive, a change of what the session listens to.
  void commit(Session& session) noexcept {
    if (!session.behind() && !session.reads_ring)
      session.stream.log_cursor = std::max(session.stream.log_cursor, delivered_);
    sessions_.commit(session);
    own_.release_consumed();
  }

  // Bytes for this session alone, after all it must have got by now. One that reads the log again gets them between
  // what it has read and what it has not: see must_wait().
  void reply(Session& session, std::string_view bytes);
  // The last of them: after a long reply that is under way.
  void say_last(Session& session, std::string_view bytes);
  // `encode(dialect, out)` is called once for each dialect that a member speaks.
  template <class Encode>
  void publish(Topic& topic, Encode encode);
  // The reply's items are made as the session takes them.
  void begin_items(Session& session, std::unique_ptr<ItemSource> items);
  // There is something new for it, from its item source say.
  void touch(Session& session);
  // Gives it at once what flush() would: the kernel has the socket at hand that was just read from. Where others'
  // output waits too, it is left to flush(). For the newest touched session only.
  void offer(Session& session);

  // At the start of a turn: item sources that have used up the last one's share go on.
  void next_turn();
  [[nodiscard]] bool has_resting() const noexcept { return !resting_.empty() || !hungry_.empty(); }

  [[nodiscard]] std::size_t own_bytes(const Session& session) const noexcept { return own_.size_bytes(session); }

  // For who carries on a session of a dead worker (worker/handover/):
  // The first bytes of its output were sent. Returns how many of `bytes` there were.
  [[nodiscard]] std::uint64_t pass_sent(Session& session, std::uint64_t bytes) noexcept;
  // During a takeover: see OwnOutput::keep_consumed().
  void keep_consumed(bool keep) noexcept {
    own_.keep_consumed(keep);
    own_.release_consumed();
  }
  // Its chain of output is as its worker has left it: see OwnOutput::end_inherited(). Before anything looks at it.
  void inherit_output(const Session& session) noexcept { own_.end_inherited(session); }
  // Output that its worker had for it. False: shared memory is short.
  [[nodiscard]] bool append_inherited(Session& session, std::string_view bytes) { return own_.append(session, bytes); }
  // Nothing more of what was for it goes out.
  void forget_output(Session& session);

  // The tapes do not have what the session lacks: from `cursor` on it gets the log from `log_again`, which must be set,
  // until it is where the loop is.
  void read_ring(Session& session, std::uint64_t cursor);
  // The same after a long reply that begins now (begin_items).
  void read_ring_after_items(Session& session) noexcept { session.reads_ring = true; }
  LogAgain* log_again = nullptr;
  // What the ring keeps, in words: who lags by most of it is passed over.
  std::uint64_t ring_words = std::numeric_limits<std::uint64_t>::max();
  // The loop has not kept up with the log, to here: what sessions lack of it is not their fault.
  void note_backlog(std::uint64_t position) noexcept { backlog_until_ = position; }
  // True: it reads the log again, or turns to it now, and has not got to `end` yet. An answer that follows what is
  // there waits for that, and so does its leaving a room there.
  [[nodiscard]] bool must_wait(Session& session, std::uint64_t end);
  // Before anything is added to its output of what comes later than that.
  void tell_missed(Session& session);

  // Gives every session concerned what it has not had yet.
  void flush();

  // A client's own thread sends its answers without the loop's lock: false if there are none, or if others must go with
  // them. Until end_own_send() the session counts as blocked, so nobody else writes to its socket.
  // The caller keeps `parts`, for send_parts(); end_own_send() wants its result.
  [[nodiscard]] bool begin_own_send(Session& session, std::vector<iovec>& parts);
  void end_own_send(Session& session, std::span<const iovec> parts, ssize_t sent);

  // The socket takes bytes again.
  void on_writable(Session& session);

  // Before a change of what the session listens to: what is before the current position it has had, or has as its own
  // output now, and the block says so. REQUIRES: after a flush, or nothing was put on its tapes since.
  void settle_position(Session& session);

  // Closes it at the end of the turn, after which it is no more; `why` is for the log.
  void doom(Session& session, const char* why);  // a literal
  [[nodiscard]] const char* why_doomed(const Session& session) const {
    const auto at = doomed_why_.find(&session);
    return at == doomed_why_.end() ? "left" : at->second;
  }
  // Closes it once all its output is out; `hurried`: if it does not take that soon, all the same.
  void close_after_output(Session& session, bool hurried = false);
  [[nodiscard]] std::vector<Session*> take_doomed() { return std::exchange(doomed_, {}); }
  // Sessions whose input may be looked at again.
  [[nodiscard]] std::vector<Session*> take_resumable() { return std::exchange(resumable_, {}); }
  void resume(Session& session);
  [[nodiscard]] bool has_resumable() const noexcept { return !resumable_.empty(); }

  // What the session waits for may have changed.
  void update_interest(Session& session);

  // Closes those that take nothing for too long. Call it now and then.
  void sweep(os::Monotonic::time_point now);

  // No own output, not behind, no items under way.
  [[nodiscard]] static bool is_clear(const Session& session) noexcept {
    return !session.has_own_output() && !session.behind() && !session.items;
  }
  // The session has left: its part in topics and output ends.
  void forget(Session& session);

 private:
  static constexpr std::size_t kMaxParts = 64;  // of one write; beyond some dozens the kernel gains nothing
  static constexpr std::size_t kWriteBudgetBytes = 256 * 1024;  // of one write; more than a socket buffer takes at once

  struct Reel {  // one tape from which a session still has entries to get
    const Tape* tape;
    std::size_t next;
    std::size_t end;
  };
  struct Part {  // a run of entries of one tape, as it was put into parts_
    const Tape* tape;
    std::size_t first;
    std::size_t end;
  };

  struct Stalled {
    Session* session;
    std::uint64_t written_bytes = 0;                // the session's, when this was looked at
    std::optional<std::uint32_t> unacknowledged{};  // then; empty: not looked at yet
  };

  void deliver(Session& session);
  void read_piece(Session& session);
  void skip_if_lost(Session& session);
  void note_read(Session& session, const AgainRead& read);
  void lose(Session& session);
  [[nodiscard]] bool turns_to_ring(Session& session);
  [[nodiscard]] std::size_t waiting_on_tapes(const Session& session, std::size_t& entries);
  void forget_ring(Session& session) noexcept { session.reads_ring = session.at_record = session.skips_ring = false; }
  [[nodiscard]] bool was_sent(Session& session, ssize_t sent, std::size_t own_bytes, std::size_t total);
  [[nodiscard]] bool top_up(Session& session);
  void pass_over(Session& session, std::uint64_t until);
  void miss(Session& session, std::uint64_t messages) noexcept;
  void close_slow(Session& session, const char* why);
  std::size_t gather_tapes(const Session& session, std::size_t budget_bytes);
  void load_reels(const Session& session);
  void add_part(const Tape* tape, std::size_t first, std::size_t end);
  void took(Session& session, std::size_t own_bytes, std::size_t tape_bytes);
  void fall_behind(Session& session, std::uint64_t cursor);
  void catch_up(Session& session);
  void finish(Session& session);
  void watch_stalled(Session& session);
  void forget_stalled(const Session& session) noexcept;
  void trim(Topic& topic);
  void keep_within_memory();
  void drop_what_nobody_needs();
  void drop_what_nobody_needs(Topic& topic);
  [[nodiscard]] bool pass_over_furthest();
  void append_own(Session& session, std::string_view bytes);

  SocketWatch& watch_;
  SessionTable& sessions_;
  OwnOutput own_;
  chat::LoopControl& control_;
  std::size_t max_own_output_bytes_;
  std::uint64_t position_ = 0;
  std::uint64_t delivered_ = 0;  // who is not behind has had everything before it
  std::uint64_t flush_ = 0;
  std::vector<Topic*> touched_;
  std::vector<Session*> dirty_;
  std::unordered_map<const Session*, std::string> last_words_;  // of those that have a long reply under way
  std::vector<Session*> doomed_;
  std::unordered_map<const Session*, const char*> doomed_why_;
  std::vector<Session*> resumable_;
  std::vector<Session*> resting_;
  std::vector<Session*> hungry_;  // to read the ring: the turn's share was used up before they had any; they come first
  std::vector<Stalled> stalled_;  // behind or lingering
  // Dirty sessions that read the ring: they are served when no tape is in use.
  std::vector<Session*> ring_deliveries_;
  std::uint64_t backlog_until_ = 0;
  std::vector<Reel> reels_;
  std::vector<Part> parts_of_tapes_;
  std::vector<iovec> parts_;
  std::string scratch_;
};

template <class Encode>
void Delivery::publish(Topic& topic, Encode encode) {
  if (topic.empty()) return;
  for (std::size_t number = 1; number < wire::kDialectCount; ++number) {
    const auto dialect = static_cast<wire::DialectId>(number);
    if (!topic.speaks(dialect)) continue;
    Tape& tape = topic.tape(dialect);
    tape.count_in(tape_memory_);
    encode(wire::dialect(dialect), tape.open(position_));
    tape.seal();
  }
  if (topic.touched) return;
  topic.touched = true;
  touched_.push_back(&topic);
}

}  // namespace rookery::worker
