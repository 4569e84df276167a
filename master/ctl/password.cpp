#include "master/ctl/password.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "ipc/wire/limits.h"

namespace rookery::ctl {
namespace {

// Does not show what is typed while it lives. ^C and its like wait until it goes, so that the terminal is as it was.
class Hidden final {
 public:
  Hidden() {
    sigset_t ending;
    sigemptyset(&ending);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&ending, number);
    ::sigprocmask(SIG_BLOCK, &ending, &signals_before_);
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios wanted = before_;
    // The characters that make signals come as they are: see read_line().
    wanted.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    wanted.c_lflag |= ECHONL;
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &wanted) == 0;
  }
  ~Hidden() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    ::sigprocmask(SIG_SETMASK, &signals_before_, nullptr);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

  [[nodiscard]] explicit operator bool() const noexcept { return changed_; }

 private:
  termios before_{};
  sigset_t signals_before_{};
  bool changed_ = false;
};

// In a buffer of its own: stdio would leave copies behind.
auth::Secret read_line() {
  constexpr char kInterrupt = '\x03';
  std::array<char, wire::kMaxPasswordBytes + 2> bytes{};
  std::size_t count = 0;
  bool interrupted = false;
  for (char byte = 0; count < bytes.size();) {
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || byte == '\n') break;
    interrupted = interrupted || byte == kInterrupt;
    bytes[count++] = byte;
  }
  if (count > 0 && bytes[count - 1] == '\r') --count;  // of a line that ends in CR LF
  auth::Secret secret({bytes.data(), count});
  ::explicit_bzero(bytes.data(), bytes.size());
  if (interrupted) throw NoPassword("interrupted");
  return secret;
}

auth::Secret prompt(const std::string& words) {
  std::fputs(words.c_str(), stderr);
  std::fflush(stderr);
  return read_line();
}

}  // namespace

auth::Secret ask_for_password(const std::string& account) {
  auth::Secret secret{std::string_view()};
  if (::isatty(STDIN_FILENO) == 0) {
    secret = read_line();
  } else {
    const Hidden hidden;
    if (!hidden) throw NoPassword("the terminal would show the password");
    secret = prompt(fmt::format("Password for {}: ", account));
    const auth::Secret again = prompt("The same again: ");
    if (again.view() != secret.view()) throw NoPassword("the two passwords differ");
  }
  if (!wire::is_valid_password(secret.view()))
    throw NoPassword(
        fmt::format("a password has {} to {} bytes of UTF-8", wire::kMinPasswordBytes, wire::kMaxPasswordBytes));
  return secret;
}

}  // namespace rookery::ctl
