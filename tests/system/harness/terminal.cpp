#include "tests/system/harness/terminal.h"

#include <stdexcept>

#include "tests/system/harness/child_program.h"

namespace rookery::system_test {
namespace {
constexpr const char* kTmux = "/usr/bin/tmux";
}

bool Terminal::is_installed() {
  return std::filesystem::exists(kTmux);
}

Terminal::Terminal(int columns, int rows) {
  tmux({"-f", "/dev/null", "new-session", "-d", "-x", std::to_string(columns), "-y", std::to_string(rows),
        "env -i TERM=screen PS1='$ ' PATH=/usr/bin:/bin LC_ALL=C.UTF-8 bash --norc --noprofile"});
}

Terminal::~Terminal() {
  try {
    tmux({"kill-server"});
  } catch (const std::exception&) {
    // It has ended by itself.
  }
}

std::string Terminal::tmux(const std::vector<std::string>& words) const {
  const test::TemporaryDirectory files;
  std::vector<std::string> command{kTmux, "-S", (directory_.path() / "tmux").string()};
  command.insert(command.end(), words.begin(), words.end());
  ChildProgram program({std::move(command), files.path(), {}, {"TERM=screen", "LC_ALL=C.UTF-8"}});
  program.close_input();
  const auto exit_code = program.wait();
  if (exit_code != 0) throw std::runtime_error("tmux " + words.front() + ": " + program.errors());
  return program.output();
}

void Terminal::type(std::string_view keys) const {
  tmux({"send-keys", "-l", "--", std::string(keys)});
}

void Terminal::resize(int columns, int rows) const {
  tmux({"resize-window", "-x", std::to_string(columns), "-y", std::to_string(rows)});
}

std::string Terminal::screen() const {
  return tmux({"capture-pane", "-p"});
}

}  // namespace rookery::system_test
