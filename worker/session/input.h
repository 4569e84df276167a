// worker/session/input.h
//
// From bytes to commands: reads a socket into its buffer in shared memory, cuts lines, has each parsed by the session's
// dialect and carried out. A line leaves the buffer when its command is done, so what was read is never lost.
//
// A session is not read from while a command is under way, while its output does not go out, or while too many of its
// records are in flight: then TCP makes the client wait.
#pragma once

#include <sys/types.h>

#include <span>

#include "worker/commands/command_context.h"

namespace rookery::worker {

class Input final {
 public:
  // `suspect` is the loop's: it says whose input is being dealt with.
  Input(CommandContext& commands, BufferPool& buffers, chat::Suspect& suspect) noexcept
      : commands_(commands), buffers_(buffers), suspect_(suspect) {}

  // The socket has bytes, or its end: receives them and carries out what is there.
  void on_readable(Session& session);

  // The same in three steps, for a thread that blocks in the second one. Where to receive; empty when no input is
  // wanted now (want_input says so), or the session has been doomed. REQUIRES: not lingering.
  [[nodiscard]] std::span<char> room(Session& session);
  // So many bytes came there, 0 at the end of the input, or minus an error number.
  void received(Session& session, ssize_t got);
  // Carries out the lines that are there, as far as it may.
  void process(Session& session);
  // From now on no command is begun.
  void stop() noexcept { stopped_ = true; }

 private:
  [[nodiscard]] bool may_proceed(const Session& session) const noexcept;
  [[nodiscard]] bool make_room(Session& session);
  void commit(Session& session);
  void settle_buffer(Session& session);
  void decide_dialect(Session& session, char first_byte);
  [[nodiscard]] Outcome execute(Session& session, std::string_view line);
  [[nodiscard]] Outcome dispatch(Session& session, const wire::Command& command);
  [[nodiscard]] bool pay(Session& session);
  [[nodiscard]] Outcome refuse_fast_line(Session& session, std::string_view line);
  Outcome refuse_http(Session& session);
  void refuse_long_line(Session& session);
  void discard(Session& session);

  CommandContext& commands_;
  BufferPool& buffers_;
  chat::Suspect& suspect_;
  wire::CommandStorage storage_;
  bool stopped_ = false;
};

}  // namespace rookery::worker
