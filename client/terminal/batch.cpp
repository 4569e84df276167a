#include "client/terminal/batch.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>

#include "client/terminal/chat_session.h"
#include "client/terminal/exit_code.h"
#include "ipc/wire/line_framing.h"

namespace rookery::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kReplyTimeout = std::chrono::seconds(60);  // a busy server may queue logins; this long it is not there
constexpr std::size_t kInputReadBytes = 16 * 1024;

// Standard input as lines.
class InputLines {
 public:
  enum class Next : unsigned char { Line, TooLong, NeedMore, End };

  [[nodiscard]] bool at_end() const { return ended_; }

  // `line` is set with Line alone.
  Next next(std::string& line) {
    const wire::Frame frame = wire::next_line(std::string_view(bytes_).substr(start_), discarding_);
    start_ += frame.consumed;
    if (frame.kind == wire::FrameKind::Line) {
      line = frame.line;
      return Next::Line;
    }
    if (frame.kind == wire::FrameKind::TooLong) return Next::TooLong;
    bytes_.erase(0, start_);
    start_ = 0;
    if (!ended_) return Next::NeedMore;
    if (bytes_.empty() || discarding_) return Next::End;
    bytes_.push_back('\n');  // the last line needs no end
    return next(line);
  }

  void read_more() {
    const std::size_t had = bytes_.size();
    bytes_.resize(had + kInputReadBytes);
    const ssize_t count = ::read(STDIN_FILENO, bytes_.data() + had, kInputReadBytes);
    const int error_number = errno;
    bytes_.resize(had + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count == 0) ended_ = true;
    if (count < 0 && error_number != EINTR && error_number != EAGAIN) ended_ = true;
  }

 private:
  std::string bytes_;
  std::size_t start_ = 0;
  bool discarding_ = false;
  bool ended_ = false;
};

class Batch {
 public:
  Batch(Connection& connection, const ViewStyle& style)
      : connection_(connection), session_(Audience::Programs, style), style_(style) {}

  int run() {
    carry_out(session_.connected());
    while (!session_.left()) {
      if (connection_.state() == Connection::State::Closed) return lost(connection_.error());
      if (!session_.waiting() && !leaving_ && take_input()) continue;
      if (!wait()) return lost("no answer from the server");
    }
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (!written) std::fputs("rookery-client: standard output could not be written\n", stderr);
    return session_.any_refused() || refused_here_ || !written ? kExitRefused : kExitOk;
  }

 private:
  // Takes the next line of input, if there is one.
  bool take_input() {
    std::string line;
    switch (input_.next(line)) {
      case InputLines::Next::Line:
        on_line(line);
        return true;
      case InputLines::Next::TooLong:
        refuse("line-too-long", "a line of the input is longer than the server takes");
        return true;
      case InputLines::Next::End:
        leave();
        return true;
      case InputLines::Next::NeedMore:
        break;
    }
    return false;
  }

  void on_line(const std::string& line) {
    Step step = session_.type(line);
    const bool quit = step.quit;
    if (step.password)
      refuse("bad-argument", fmt::format("usage: /{0} NAME PASSWORD (the password can be asked for at a terminal only)",
                                         step.password->op));
    carry_out(std::move(step));
    if (quit) leave();
  }

  void leave() {
    leaving_ = true;
    carry_out(session_.farewell());
  }

  void refuse(std::string_view code, std::string_view message) {
    refused_here_ = true;
    print(stderr, view_refusal(code, message, style_));
  }

  void carry_out(Step step) {
    for (const std::string& line : step.send) connection_.send_line(line);
    for (const Shown& shown : step.show) print(shown.kind == Shown::Kind::Problem ? stderr : stdout, shown.text);
  }

  static void print(std::FILE* stream, const std::string& text) {
    std::fputs((text + "\n").c_str(), stream);
    std::fflush(stream);
  }

  // Waits for the server, and for input when we could use some. False when a reply is overdue.
  bool wait() {
    const bool wants_input = !session_.waiting() && !leaving_ && !input_.at_end();
    std::array<pollfd, 2> waited{pollfd{wants_input ? STDIN_FILENO : -1, POLLIN, 0},
                                 pollfd{connection_.fd(), connection_.poll_events(), 0}};
    int timeout = -1;
    if (session_.waiting()) {
      if (!reply_due_) reply_due_ = Clock::now() + kReplyTimeout;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*reply_due_ - Clock::now()).count();
      if (left <= 0) return false;
      timeout = static_cast<int>(left);
    }
    if (::poll(waited.data(), waited.size(), timeout) < 0) return true;
    if (waited[0].revents != 0) input_.read_more();
    if (waited[1].revents != 0) receive(waited[1].revents);
    return true;
  }

  void receive(short revents) {
    connection_.on_ready(revents);
    while (const std::optional<std::string> line = connection_.next_line()) {
      reply_due_.reset();  // it lives
      carry_out(session_.receive(*line, std::time(nullptr)));
    }
  }

  int lost(const std::string& reason) {
    carry_out(session_.disconnected());
    std::fprintf(stderr, "rookery-client: lost the connection to %s: %s\n", to_string(connection_.endpoint()).c_str(),
                 reason.c_str());
    return kExitUnavailable;
  }

  Connection& connection_;
  ChatSession session_;
  ViewStyle style_;
  InputLines input_;
  bool leaving_ = false;  // quit has been sent
  bool refused_here_ = false;
  std::optional<Clock::time_point> reply_due_;
};

}  // namespace

int run_batch(Connection& connection, const ViewStyle& style) {
  return Batch(connection, style).run();
}

}  // namespace rookery::client
