#include "worker/session/input.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/socket_io.h"
#include "ipc/wire/http_request_line.h"
#include "ipc/wire/line_framing.h"

namespace rookery::worker {

namespace {

// Records of one client on their way to the disk. Enough to fill a group commit, small enough that nobody fills the
// outbox alone.
constexpr std::uint32_t kMaxInFlight = 256;

// Replies of its own that a client may gather before its next command waits until they are offered to its socket.
constexpr std::size_t kOwnOutputPauseBytes = 64 * 1024;

// Behind a half line: less would cost a system call for a few bytes, more a copy where none is needed.
constexpr std::size_t kLeastRoomBytes = 4096;

// Commands whose answers come through the log may follow one another; all others wait until those answers are out.
bool goes_through_log(wire::Op op) noexcept {
  return op == wire::Op::Say || op == wire::Op::Broadcast || op == wire::Op::Msg;
}

// What the functions that looked at a line have left of it below the caller's frame: vector registers hold parts of
// what was copied, and compilers and the dynamic linker's resolver put those on the stack.
[[gnu::noinline]] void wipe_stack() noexcept {
  constexpr std::size_t kDepthBytes = std::size_t{16} * 1024;
  std::array<char, kDepthBytes> below;
  ::explicit_bzero(below.data(), below.size());
}

// Does the line hold a password, as far as its outcome tells? One that is refused may be a misspelt login.
bool may_hold_password(const wire::ParseOutcome& parsed) noexcept {
  const auto* command = std::get_if<wire::Command>(&parsed);
  return command == nullptr || command->op == wire::Op::Register || command->op == wire::Op::Login;
}

// At the end of what is done with a line: what a command needs of its password beyond that it has copied into a Secret.
class LineWiper final {
 public:
  explicit LineWiper(wire::CommandStorage& storage) noexcept : storage_(storage) {}
  ~LineWiper() {
    storage_.wipe_password();
    if (wipes_stack_) wipe_stack();
  }
  LineWiper(const LineWiper&) = delete;
  LineWiper& operator=(const LineWiper&) = delete;

  void parsed(const wire::ParseOutcome& outcome) noexcept { wipes_stack_ = may_hold_password(outcome); }

 private:
  wire::CommandStorage& storage_;
  bool wipes_stack_ = true;
};

}  // namespace

bool Input::may_proceed(const Session& session) const noexcept {
  return session.open() && !stopped_ && !session.busy && !session.behind() && !session.lingering &&
         session.in_flight < kMaxInFlight && !session.has(chat::kClosing);
}

void Input::on_readable(Session& session) {
  if (session.lingering) {
    discard(session);
    return;
  }
  const std::span<char> to = room(session);
  if (to.empty()) return;
  received(session, os::receive(session.socket.get(), to));
}

std::span<char> Input::room(Session& session) {
  if (!may_proceed(session)) {
    session.want_input = false;  // TCP holds the client back
    commands_.delivery.update_interest(session);
    return {};
  }
  if (!make_room(session)) {
    commands_.delivery.doom(session, "no shared memory left for its input");
    return {};
  }
  const chat::SessionStream& stream = session.stream;
  if (stream.input_end == buffers_.capacity(stream.input_buffer)) {  // full of lines that wait for earlier answers
    session.want_input = false;
    commands_.delivery.update_interest(session);
    return {};
  }
  return {buffers_.data(stream.input_buffer) + stream.input_end,
          static_cast<std::size_t>(buffers_.capacity(stream.input_buffer) - stream.input_end)};
}

void Input::received(Session& session, ssize_t got) {
  fault::point(fault::Point::WorkerAfterRecv);
  if (got == -EAGAIN) return settle_buffer(session);
  if (session.lingering) {
    if (got <= 0) commands_.delivery.doom(session, "left");
    return;
  }
  if (got < 0) return commands_.delivery.doom(session, "reset by its peer");
  chat::SessionStream& stream = session.stream;
  if (got == 0) {
    session.set(chat::kInputEnded, true);
    session.want_input = false;
    commands_.delivery.update_interest(session);
  } else {
    stream.input_end = static_cast<std::uint16_t>(stream.input_end + got);
    stream.received_bytes += static_cast<std::uint64_t>(got);
    chat::count(commands_.sessions.counters().bytes_in, static_cast<std::uint64_t>(got));
  }
  process(session);
}

// Room for a large part of a line behind what is held. Where the bytes of the next receive go is committed first: if we
// die of it, the kernel tells how many came, and they lie there. So nothing is ever moved within a buffer, and behind
// input_end lie zeros and what a receive has put there, nothing of the past.
bool Input::make_room(Session& session) {
  chat::SessionStream& stream = session.stream;
  const std::size_t held = stream.input_end - stream.input_begin;
  const BufferNumber before = stream.input_buffer;
  if (before != chat::kNoBuffer && !buffers_.is_small(before)) {
    if (stream.input_begin == 0) return true;  // all the room there is
    if (held > 0 && chat::kLargeBufferBytes - stream.input_end >= kLeastRoomBytes) return true;
  }
  const std::uint32_t used = stream.input_end;
  if (held > 0 || before == chat::kNoBuffer || buffers_.is_small(before)) {
    const BufferNumber large = buffers_.take_large();
    if (large == chat::kNoBuffer) return false;
    if (held > 0) std::memcpy(buffers_.data(large), buffers_.data(before) + stream.input_begin, held);
    stream.input_buffer = large;
  } else {
    std::memset(buffers_.data(before), 0, used);
  }
  stream.input_begin = 0;
  stream.input_end = static_cast<std::uint16_t>(held);
  commands_.delivery.commit(session);
  if (before != stream.input_buffer) buffers_.give_back(before, used);
  session.wiped_bytes = 0;
  return true;
}

// With nothing held the buffer is given back.
void Input::commit(Session& session) {
  chat::SessionStream& stream = session.stream;
  BufferNumber unused = chat::kNoBuffer;
  const std::uint32_t used = stream.input_end;
  if (stream.input_begin == stream.input_end) {
    unused = std::exchange(stream.input_buffer, chat::kNoBuffer);
    stream.input_begin = stream.input_end = 0;
  }
  commands_.delivery.commit(session);
  if (unused == chat::kNoBuffer) return commands_.sessions.wipe_input(session);
  buffers_.give_back(unused, used);
  session.wiped_bytes = 0;
}

// Nothing held: no buffer. A short half line: a small one, so that a thousand slow typists cost a megabyte.
void Input::settle_buffer(Session& session) {
  chat::SessionStream& stream = session.stream;
  if (stream.input_buffer == chat::kNoBuffer) return;
  const std::size_t held = stream.input_end - stream.input_begin;
  if (held == 0) return commit(session);
  if (buffers_.is_small(stream.input_buffer) || held > chat::kSmallBufferBytes) return;
  const BufferNumber small = buffers_.take_small();
  if (small == chat::kNoBuffer) return;
  std::memcpy(buffers_.data(small), buffers_.data(stream.input_buffer) + stream.input_begin, held);
  const BufferNumber large = std::exchange(stream.input_buffer, small);
  const std::uint32_t used = stream.input_end;
  stream.input_begin = 0;
  stream.input_end = static_cast<std::uint16_t>(held);
  commands_.delivery.commit(session);
  buffers_.give_back(large, used);
  session.wiped_bytes = 0;
}

void Input::process(Session& session) {
  if (!session.open()) return;
  const chat::Suspicion suspicion(&suspect_, session.address(), session.client);
  chat::SessionStream& stream = session.stream;
  bool more = true;
  bool drained = false;  // no whole line is left
  session.line_waits = false;
  while (more && may_proceed(session) && stream.input_end > stream.input_begin) {
    if (commands_.delivery.own_bytes(session) > kOwnOutputPauseBytes) {
      commands_.delivery.resume(session);  // in the next turn, after this one's flush
      more = false;
      break;
    }
    const std::string_view held(buffers_.data(stream.input_buffer) + stream.input_begin,
                                static_cast<std::size_t>(stream.input_end - stream.input_begin));
    if (session.dialect_id() == wire::DialectId::Undecided) decide_dialect(session, held.front());

    // Nothing was consumed yet. The block says so, and a successor that has half of the line knows it as well.
    const bool is_first_line = stream.received_bytes == held.size();
    bool discarding = session.has(chat::kDiscardingLine);
    const wire::Frame frame = wire::next_line(held, discarding, session.scanned_bytes);
    switch (frame.kind) {
      case wire::FrameKind::Incomplete:
        session.set(chat::kDiscardingLine, discarding);
        stream.input_begin = static_cast<std::uint16_t>(stream.input_begin + frame.consumed);
        session.scanned_bytes = static_cast<std::uint16_t>(held.size() - frame.consumed);
        more = false;
        drained = true;
        break;
      case wire::FrameKind::TooLong:
        if (session.in_flight > 0) {  // the refusal must not overtake earlier answers
          session.scanned_bytes = 0;
          session.line_waits = true;
          more = false;
          break;
        }
        session.set(chat::kDiscardingLine, discarding);
        stream.input_begin = static_cast<std::uint16_t>(stream.input_begin + frame.consumed);
        session.scanned_bytes = 0;
        if (is_first_line && wire::may_begin_http_request_line(held.substr(0, frame.consumed)))
          refuse_http(session);
        else
          refuse_long_line(session);
        break;
      case wire::FrameKind::Line: {
        session.scanned_bytes = 0;
        const Outcome outcome = is_first_line && wire::is_http_request_line(frame.line) ? refuse_http(session)
                                : pay(session)                                          ? execute(session, frame.line)
                                               : refuse_fast_line(session, frame.line);
        if (outcome == Outcome::Done) {
          session.fee = LineFee::Open;
          session.set(chat::kDiscardingLine, discarding);
          stream.input_begin = static_cast<std::uint16_t>(stream.input_begin + frame.consumed);
        } else if (outcome == Outcome::Later) {
          session.busy = true;
          session.line_bytes = static_cast<std::uint16_t>(frame.consumed);
        }
        session.line_waits = outcome == Outcome::Wait;
        more = outcome == Outcome::Done;
        if (outcome == Outcome::Wait && commands_.outbox.full()) commands_.outbox.wait(session);
        break;
      }
    }
    commit(session);
  }
  if (!session.open()) return;
  settle_buffer(session);

  drained |= stream.input_end == stream.input_begin;
  if (drained && session.has(chat::kInputEnded) && !session.busy && session.in_flight == 0)
    commands_.delivery.close_after_output(session);  // what is left, if anything, is half a line
  const bool want = may_proceed(session) && !session.has(chat::kInputEnded);
  if (want && !session.want_input) {
    session.want_input = true;
    commands_.delivery.update_interest(session);
  }
}

void Input::decide_dialect(Session& session, char first_byte) {
  commands_.sessions.set_dialect(session, wire::choose_dialect(first_byte));
  commands_.follower.listen(session);
}

Outcome Input::execute(Session& session, std::string_view line) {
  // An answer from the log is to come: only what also goes through the log may start, and nothing while the client's
  // own joining or leaving is not decided.
  if (session.membership_pending) return Outcome::Wait;
  fault::point_for_line(line);
  LineWiper wiper(storage_);
  const wire::ParseOutcome parsed = session.dialect().parse(line, storage_);
  wiper.parsed(parsed);
  fault::point(fault::Point::WorkerAfterParse);
  if (const auto* refusal = std::get_if<wire::Refusal>(&parsed)) {
    if (session.in_flight > 0) return Outcome::Wait;
    return commands_.reply(session,
                           [&](const wire::Dialect& dialect, std::string& out) { dialect.refused(out, *refusal); });
  }
  const auto& command = std::get<wire::Command>(parsed);
  if (session.in_flight > 0 && !goes_through_log(command.op)) return Outcome::Wait;
  return dispatch(session, command);
}

Outcome Input::dispatch(Session& session, const wire::Command& command) {
  CommandContext& context = commands_;
  const wire::RequestTag tag{command.op, command.id};
  switch (command.op) {
    case wire::Op::Echo:
      return context.reply(
          session, [&](const wire::Dialect& dialect, std::string& out) { dialect.echo(out, tag, command.text); });
    case wire::Op::Register:
      return do_register(context, session, command);
    case wire::Op::Login:
      return do_login(context, session, command);
    case wire::Op::Logout:
      return do_logout(context, session, command);
    case wire::Op::Broadcast:
      return do_broadcast(context, session, command);
    case wire::Op::Say:
      return do_say(context, session, command);
    case wire::Op::Msg:
      return do_msg(context, session, command);
    case wire::Op::Join:
      return do_join(context, session, command);
    case wire::Op::Leave:
      return do_leave(context, session, command);
    case wire::Op::Rooms:
      return do_rooms(context, session, command);
    case wire::Op::Presence:
      return do_presence(context, session, command);
    case wire::Op::List:
      return do_list(context, session, command);
    case wire::Op::History:
      return do_history(context, session, command);
    case wire::Op::Resume:
      return do_resume(context, session, command);
    case wire::Op::Count:
      return do_count(context, session, command);
    case wire::Op::Ping:
      return context.barrier.ping(context, session, command);
    case wire::Op::Help:
      return context.reply(session, [&](const wire::Dialect& dialect, std::string& out) { dialect.help(out, tag); });
    case wire::Op::Quit:
      context.reply(session, [&](const wire::Dialect& dialect, std::string& out) { dialect.bye(out, tag); });
      context.delivery.close_after_output(session);
      return Outcome::Done;
  }
  return Outcome::Done;
}

// Each line is counted once, however often it is looked at before its turn comes.
bool Input::pay(Session& session) {
  if (session.fee != LineFee::Open) return session.fee == LineFee::Paid;
  session.had_line = true;
  session.last_line_at = os::CoarseMoment(commands_.now);
  const bool paid = !session.metered || session.meter.take(commands_.now, commands_.settings.limits.lines_per_second);
  session.fee = paid ? LineFee::Paid : LineFee::Refused;
  return paid;
}

Outcome Input::refuse_fast_line(Session& session, std::string_view line) {
  if (session.in_flight > 0) return Outcome::Wait;  // the refusal must not overtake earlier answers
  chat::count(commands_.sessions.counters().lines_refused);
  LineWiper wiper(storage_);
  const wire::ParseOutcome parsed = session.dialect().parse(line, storage_);
  wiper.parsed(parsed);
  wire::Refusal refusal{wire::ErrorCode::RateLimited,
                        "more than " + std::to_string(commands_.settings.limits.lines_per_second) +
                            " lines a second, this one was not "
                            "carried out",
                        {},
                        {}};
  if (const auto* command = std::get_if<wire::Command>(&parsed)) {
    refusal.op = wire::to_string(command->op);
    refusal.id = command->id;
  }
  return commands_.reply(session,
                         [&](const wire::Dialect& dialect, std::string& out) { dialect.refused(out, refusal); });
}

// A browser that a web page has sent here: see ipc/wire/http_request_line.h. kClosing is committed with the answer,
// while the block still has the line: whoever carries the session on closes it too.
Outcome Input::refuse_http(Session& session) {
  log::about_client(log::Topic::Connections, log::Level::Info, {session.client, session.address().text()},
                    "sent an HTTP request: is closed");
  session.set(chat::kClosing, true);
  commands_.reply(session, [](const wire::Dialect& dialect, std::string& out) {
    dialect.refused(out, {wire::ErrorCode::BadCommand, "this is no HTTP server, the connection is closed", {}, {}});
  });
  commands_.delivery.close_after_output(session);
  return Outcome::Done;
}

void Input::refuse_long_line(Session& session) {
  commands_.reply(session, [](const wire::Dialect& dialect, std::string& out) {
    dialect.refused(
        out,
        {wire::ErrorCode::LineTooLong, "a line has at most " + std::to_string(wire::kMaxLineBytes) + " bytes", {}, {}});
  });
}

void Input::discard(Session& session) {
  std::array<char, 4096> rest;
  for (int i = 0; i < 16; ++i) {
    const auto got = ::recv(session.socket.get(), rest.data(), rest.size(), 0);
    if (got > 0) {
      ::explicit_bzero(rest.data(), static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    return commands_.delivery.doom(session, "left");
  }
}

}  // namespace rookery::worker
