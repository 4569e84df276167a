#include "tests/client/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace rookery::client {
namespace {

constexpr int kDeadlineMs = 30000;

[[noreturn]] void run(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  for (const std::string& entry : environment) ::putenv(const_cast<char*>(entry.c_str()));
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

void read_into(int& fd, std::string& text) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(fd, bytes.data(), bytes.size());
  if (count > 0) {
    text.append(bytes.data(), static_cast<std::size_t>(count));
    return;
  }
  ::close(fd);  // a terminal says EIO where a pipe ends
  fd = -1;
}

}  // namespace

ChildProcess::ChildProcess(Stdio stdio, std::vector<std::string> command, const std::vector<std::string>& environment) {
  if (stdio == Stdio::Terminal) {
    int terminal = -1;
    const winsize size{24, 80, 0, 0};
    pid_ = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (pid_ == 0) run(command, environment);
    if (pid_ < 0) throw std::runtime_error("forkpty failed");
    output_fd_ = terminal;
    input_fd_ = ::fcntl(terminal, F_DUPFD_CLOEXEC, 0);
    return;
  }
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("pipe failed");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    run(command, environment);
  }
  if (pid_ < 0) throw std::runtime_error("fork failed");
  for (const int fd : {in[0], out[1], err[1]}) ::close(fd);
  input_fd_ = in[1];
  output_fd_ = out[0];
  error_fd_ = err[0];
}

ChildProcess::~ChildProcess() {
  for (const int fd : {input_fd_, output_fd_, error_fd_})
    if (fd >= 0) ::close(fd);
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::write(input_fd_, bytes.data(), bytes.size());
    if (count <= 0) throw std::runtime_error("the program takes no more input");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ChildProcess::close_input() {
  ::close(input_fd_);
  input_fd_ = -1;
}

void ChildProcess::signal(int number) const {
  ::kill(pid_, number);
}

bool ChildProcess::read_some() {
  std::array<pollfd, 2> waited{pollfd{output_fd_, POLLIN, 0}, pollfd{error_fd_, POLLIN, 0}};
  if (output_fd_ < 0 && error_fd_ < 0) return false;
  if (::poll(waited.data(), waited.size(), kDeadlineMs) <= 0)
    throw std::runtime_error("the program went silent after: " + output_ + errors_);
  if (waited[0].revents != 0) read_into(output_fd_, output_);
  if (waited[1].revents != 0) read_into(error_fd_, errors_);
  return true;
}

std::string ChildProcess::read_until(std::string_view text) {
  std::size_t found = 0;
  while ((found = output_.find(text, seen_)) == std::string::npos)
    if (!read_some()) throw std::runtime_error("no '" + std::string(text) + "' in: " + output_.substr(seen_));
  const std::size_t end = found + text.size();
  std::string passed = output_.substr(seen_, end - seen_);
  seen_ = end;
  return passed;
}

int ChildProcess::wait() {
  while (read_some()) {
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace rookery::client
