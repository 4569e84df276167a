// worker/delivery/own_output.h
//
// Output that is for one session alone: replies, and what a slow session still had to get before a reply. It lies in a
// chain of buffers in shared memory until the kernel has taken it, and goes out before anything of the log from
// the session's log_cursor on.
//
// When the worker dies  the chain goes from stream.output_head to stream.output_tail as they were committed, and ends
// at the
//         committed output_end there; what was added after that lies behind it and is nobody's.
//
// Bytes   Each buffer starts with a BufferHead, then bytes up to its `end`; the chain's first byte not sent is
//         stream.output_begin in the head buffer.
#pragma once

#include <sys/uio.h>

#include <string_view>
#include <vector>

#include "worker/session/buffer_pool.h"
#include "worker/session/session.h"

namespace rookery::worker {

class OwnOutput final {
 public:
  explicit OwnOutput(BufferPool& buffers) noexcept : buffers_(buffers) {}

  // False when shared memory is short: part of the bytes may be there, the session cannot go on.
  [[nodiscard]] bool append(Session& session, std::string_view bytes) noexcept;

  [[nodiscard]] std::size_t size_bytes(const Session& session) const noexcept;
  // Adds the chain to `parts`, at most `most` parts; returns the bytes added.
  std::size_t gather(const Session& session, std::vector<iovec>& parts, std::size_t most) const;
  // The first `bytes` have been sent. REQUIRES: there are as many. Buffers emptied by it are not used again before
  // release_consumed(): until the session's block is committed it still names them.
  void consume(Session& session, std::size_t bytes) noexcept;
  void drop(Session& session) noexcept;
  // Of a chain that a dead worker has left: whatever its last buffer says, it ends where the block has it end.
  void end_inherited(const Session& session) noexcept {
    if (session.stream.output_head != chat::kNoBuffer)
      head(session.stream.output_tail) = {chat::kNoBuffer, session.stream.output_end};
  }
  // Where many sessions are dealt with before any of them is committed, nothing is released until the last one is.
  void keep_consumed(bool keep) noexcept { keep_consumed_ = keep; }
  void release_consumed() noexcept {
    if (keep_consumed_) return;
    for (const BufferNumber buffer : consumed_) buffers_.give_back(buffer, head(buffer).end);
    consumed_.clear();
  }

  struct BufferHead {
    BufferNumber next;
    std::uint32_t end;
  };

 private:
  [[nodiscard]] BufferHead& head(BufferNumber buffer) const noexcept {
    return *reinterpret_cast<BufferHead*>(buffers_.data(buffer));
  }
  [[nodiscard]] bool grow(Session& session, std::size_t wanted) noexcept;

  BufferPool& buffers_;
  std::vector<BufferNumber> consumed_;
  bool keep_consumed_ = false;
};

}  // namespace rookery::worker
