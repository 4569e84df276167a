#include "client/terminal/interactive.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "client/terminal/chat_session.h"
#include "client/terminal/connection.h"
#include "client/terminal/exit_code.h"
#include "client/terminal/history_file.h"
#include "client/terminal/line_editor.h"

namespace rookery::client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstBackOff{200};
constexpr milliseconds kLongestBackOff{5000};
constexpr milliseconds kFarewellTimeout{2000};

// Signals arrive in the poll loop, so that none of them leaves the terminal without echo.
class SignalDescriptor final {
 public:
  SignalDescriptor() {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP}) sigaddset(&wanted, number);
    ::sigprocmask(SIG_BLOCK, &wanted, &before_);
    fd_ = ::signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~SignalDescriptor() {
    if (fd_ >= 0) ::close(fd_);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalDescriptor(const SignalDescriptor&) = delete;
  SignalDescriptor& operator=(const SignalDescriptor&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  // The next signal, or 0.
  [[nodiscard]] int next() const {
    signalfd_siginfo info{};
    return ::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t before_{};
  int fd_ = -1;
};

class Interactive {
 public:
  Interactive(Connection& connection, const ViewStyle& style)
      : style_(style),
        connection_(connection),
        session_(Audience::People, style),
        history_(default_history_path()),
        editor_([this] { return wait_for_key(); }) {
    for (const std::string& line : history_.load()) editor_.remember(line);
  }

  int run(const std::optional<std::string>& name) {
    greet();
    (void)wait_until([this] { return session_.ready(); });
    if (name && !over_) ask_password({"login", *name});
    while (!over_) {
      show_prompt();
      interrupted_ = false;
      const std::optional<std::string> line = editor_.read_line();
      if (line)
        on_line(*line);
      else if (!interrupted_)
        over_ = true;
    }
    leave();
    return exit_code_;
  }

 private:
  void greet() {
    say_hello_ = false;
    carry_out(session_.connected());
  }

  void on_line(const std::string& line) {
    if (!holds_password(line) && line.find_first_not_of(" \t") != std::string::npos) editor_.remember(line);
    if (belongs_in_history_file(line)) history_.append(line);
    Step step = session_.type(line);
    const std::optional<PasswordNeeded> asked = step.password;
    carry_out(std::move(step));
    if (asked) ask_password(*asked);
  }

  void ask_password(const PasswordNeeded& asked) {
    std::optional<std::string> password = editor_.read_password(fmt::format("Password for {}: ", asked.name));
    if (password) carry_out(session_.give_password(asked, std::move(*password)));
  }

  void carry_out(Step step) {
    for (const std::string& line : step.send) connection_.send_line(line);
    std::string text;
    for (const Shown& shown : step.show) text += shown.text + "\n";
    if (!text.empty()) editor_.print(text);
    if (step.quit) over_ = true;
    show_prompt();
  }

  void notice(std::string_view text) { editor_.print(view_notice(text, style_) + "\n"); }

  void show_prompt() {
    const std::string who = session_.name().empty() ? "" : session_.name() + " ";
    editor_.set_prompt(fmt::format("{}{}{}> ", session_.ready() ? "" : "(offline) ", who, session_.room()));
  }

  bool wait_for_key() {
    bool key = false;
    return wait_until([&key] { return key; }, &key);
  }

  // Everything but the keyboard happens in here. Looks at the keyboard if `key` is given, and sets it when there is
  // one. False when `done` cannot come true any more: we are leaving, or the line being typed is to be dropped.
  template <typename Condition>
  bool wait_until(Condition done, bool* key = nullptr) {
    while (!over_) {
      if (done()) return true;
      std::array<pollfd, 3> waited{pollfd{key != nullptr ? STDIN_FILENO : -1, POLLIN, 0},
                                   pollfd{signals_.fd(), POLLIN, 0},
                                   pollfd{connection_.fd(), connection_.poll_events(), 0}};
      if (::poll(waited.data(), waited.size(), poll_timeout()) < 0) continue;  // EINTR, after a stop
      if (waited[1].revents != 0 && !handle_signals()) return false;
      on_connection(waited[2].revents);
      if (key != nullptr) *key = waited[0].revents != 0;
    }
    return false;
  }

  [[nodiscard]] int poll_timeout() const {
    std::optional<Clock::time_point> until = connection_.deadline();
    if (connection_.state() == Connection::State::Closed) until = reconnect_at_;
    if (!until) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*until - Clock::now());
    return static_cast<int>(std::clamp<milliseconds>(left, milliseconds(0), milliseconds(60000)).count());
  }

  // False when the line being typed is to be dropped.
  bool handle_signals() {
    while (const int number = signals_.next()) {
      if (number == SIGWINCH) {
        editor_.resized();
      } else if (number == SIGTSTP) {
        editor_.suspend_and_stop();
      } else {
        const bool drops_line = number == SIGINT && (editor_.asks_password() || !editor_.line_is_empty());
        (drops_line ? interrupted_ : over_) = true;
        return false;
      }
    }
    return true;
  }

  void on_connection(short revents) {
    const Connection::State before = connection_.state();
    if (before == Connection::State::Closed) {
      if (reconnect_at_ && Clock::now() >= *reconnect_at_) {
        reconnect_at_.reset();
        say_hello_ = true;
        connection_.connect();
      }
    } else {
      connection_.on_ready(revents);
      connection_.on_time();
    }
    if (say_hello_ && connection_.state() == Connection::State::Open) greet();
    receive_lines();
    if (connection_.state() == Connection::State::Closed && !reconnect_at_) lost();
  }

  // One redraw for all that came at once.
  void receive_lines() {
    Step all;
    const bool was_ready = session_.ready();
    while (const std::optional<std::string> line = connection_.next_line()) {
      Step step = session_.receive(*line, std::time(nullptr));
      for (Shown& shown : step.show)
        if (was_ready || session_.ready() || first_time(shown)) all.show.push_back(std::move(shown));
    }
    if (session_.ready()) {
      ever_ready_ = true;
      announced_ = false;
      back_off_ = kFirstBackOff;
      told_while_away_.clear();
    }
    if (!all.show.empty())
      carry_out(std::move(all));
    else
      show_prompt();
  }

  // A server that turns us away says so at each attempt; once is enough.
  bool first_time(const Shown& shown) {
    if (shown.kind != Shown::Kind::Problem) return true;
    if (shown.text == told_while_away_) return false;
    told_while_away_ = shown.text;
    return true;
  }

  void lost() {
    carry_out(session_.disconnected());
    if (!ever_ready_ || session_.dismissed()) {
      if (session_.dismissed()) notice("this connection is over; start the client again to come back");
      exit_code_ = session_.dismissed() ? kExitRefused : kExitUnavailable;
      over_ = true;
      return;
    }
    if (!announced_) notice(fmt::format("connection lost ({}), trying again", connection_.error()));
    announced_ = true;
    reconnect_at_ = Clock::now() + back_off_;
    back_off_ = std::min(back_off_ * 2, kLongestBackOff);
  }

  // Says quit and shows what still comes, but not for long.
  void leave() {
    if (connection_.state() != Connection::State::Open) return;
    carry_out(session_.farewell());
    const Clock::time_point deadline = Clock::now() + kFarewellTimeout;
    while (connection_.state() == Connection::State::Open && !session_.left() && Clock::now() < deadline) {
      pollfd waited{connection_.fd(), connection_.poll_events(), 0};
      const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
      if (::poll(&waited, 1, static_cast<int>(std::max<long>(left, 0))) > 0) connection_.on_ready(waited.revents);
      receive_lines();
    }
  }

  ViewStyle style_;
  SignalDescriptor signals_;
  Connection& connection_;
  ChatSession session_;
  HistoryFile history_;
  LineEditor editor_;

  bool over_ = false;
  bool interrupted_ = false;
  bool say_hello_ = false;   // as soon as the connection is open
  bool ever_ready_ = false;  // a first connection that fails is an error, a later one is tried again
  bool announced_ = false;   // that the connection is lost
  int exit_code_ = kExitOk;
  std::string told_while_away_;
  milliseconds back_off_ = kFirstBackOff;
  std::optional<Clock::time_point> reconnect_at_;
};

}  // namespace

int run_interactive(Connection& connection, const InteractiveOptions& options) {
  // The terminal is given back before anything is said about how it ended.
  const int exit_code = Interactive(connection, options.style).run(options.name);
  if (exit_code == kExitUnavailable) {
    std::fprintf(stderr, "rookery-client: no chat at %s: %s\n", to_string(connection.endpoint()).c_str(),
                 connection.error().c_str());
  }
  return exit_code;
}

}  // namespace rookery::client
