#include "master/console/standard_streams.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "ipc/log.h"
#include "ipc/wire/line_framing.h"
#include "ipc/wire/safe_text.h"
#include "master/console/commands.h"
#include "master/supervisor/event_source.h"

namespace rookery::master {

namespace {
constexpr std::size_t kInputReadBytes = 4096;
constexpr int kLinesInATurn = 16;
constexpr std::string_view kTooLong = "ERR line-too-long a command has at most 8192 bytes\n";

bool is_regular_file(int descriptor) noexcept {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}
}  // namespace

StandardStreams::StandardStreams(os::Poller& poller, RunLine run_line)
    : poller_(poller),
      run_line_(std::move(run_line)),
      output_(poller, STDOUT_FILENO, token(EventSource::StandardOutput)) {}

void StandardStreams::start_reading() {
  if (poller_.add(STDIN_FILENO, EPOLLIN, token(EventSource::StandardInput)))
    input_ = Input::Watched;
  else if (is_regular_file(STDIN_FILENO))
    input_ = Input::RegularFile;
}

void StandardStreams::on_readable() {
  if (input_ == Input::Watched) read_piece();
}

void StandardStreams::on_check() {
  if (input_ == Input::Background) watch();
}

bool StandardStreams::wants_turn() const noexcept {
  return !awaiting_answer_ && (more_lines_ || input_ == Input::RegularFile);
}

void StandardStreams::on_turn() {
  if (awaiting_answer_) return;
  if (more_lines_)
    run_lines();
  else if (input_ == Input::RegularFile)
    read_piece();
}

void StandardStreams::read_piece() {
  std::array<char, kInputReadBytes> piece;
  const auto bytes = ::read(STDIN_FILENO, piece.data(), piece.size());
  if (bytes < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (bytes < 0 && errno == EIO && input_ == Input::Watched) return pause(Input::Background);
  if (bytes <= 0) return end();
  buffer_.append(piece.data(), static_cast<std::size_t>(bytes));
  run_lines();
}

void StandardStreams::run_lines() {
  more_lines_ = true;
  for (int i = 0; i < kLinesInATurn && more_lines_ && !awaiting_answer_; ++i) {
    const wire::Frame frame = wire::next_line(buffer_, discarding_);
    // A command may be blank: it is for the socket, where one answer is expected, to complain about it.
    const bool blank = frame.line.find_first_not_of(" \t") == std::string_view::npos;
    if (frame.kind == wire::FrameKind::TooLong) write(kTooLong);
    if (frame.kind == wire::FrameKind::Line && !blank) awaiting_answer_ = run_line_(std::string(frame.line));
    if (frame.kind == wire::FrameKind::Incomplete) more_lines_ = false;
    buffer_.erase(0, frame.consumed);
  }
  const bool must_wait = awaiting_answer_ || more_lines_;
  if (must_wait && input_ == Input::Watched) pause(Input::Paused);
  if (!must_wait && input_ == Input::Paused) watch();
}

void StandardStreams::reply(std::string_view text) {
  write(text);
  awaiting_answer_ = false;  // the next turn goes on with the lines behind it
  more_lines_ = true;
}

void StandardStreams::write(std::string_view text) {
  output_.write(wire::make_lines_harmless(text));
}

void StandardStreams::save(State& state, bool awaited, std::string_view ask_again) const {
  state.typed = buffer_;
  state.typed_is_discarded = discarding_;
  state.printed = output_.waiting();
  if (awaiting_answer_ && !awaited) state.printed += ask_again;
}

void StandardStreams::take_over(const State& state, bool awaits_answer) {
  buffer_ = state.typed;
  discarding_ = state.typed_is_discarded;
  more_lines_ = !buffer_.empty();
  awaiting_answer_ = awaits_answer;
  write(state.printed);
}

void StandardStreams::pause(Input why) {
  poller_.remove(STDIN_FILENO);
  input_ = why;
}

void StandardStreams::watch() {
  const bool done = poller_.add(STDIN_FILENO, EPOLLIN, token(EventSource::StandardInput));
  input_ = done ? Input::Watched : Input::Ended;
}

void StandardStreams::end() {
  if (input_ == Input::Watched) poller_.remove(STDIN_FILENO);
  input_ = Input::Ended;
  if (buffer_.empty()) return;
  buffer_ += '\n';  // a last line may lack its end
  run_lines();
}

}  // namespace rookery::master
