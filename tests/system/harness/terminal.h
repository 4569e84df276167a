// tests/system/harness/terminal.h
//
// A real terminal: a shell in a tmux of the test's own, whose screen can be read. It ends with the object.
//     Terminal terminal(80, 24);
//     terminal.type("rookery-ctl top\n");
//     eventually("it shows", [&] { return terminal.screen().find("posting works") != std::string::npos; });
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace rookery::system_test {

class Terminal final {
 public:
  [[nodiscard]] static bool is_installed();

  Terminal(int columns, int rows);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(std::string_view keys) const;
  void resize(int columns, int rows) const;
  // Its lines, without blanks at their ends.
  [[nodiscard]] std::string screen() const;
  [[nodiscard]] bool shows(std::string_view text) const { return screen().find(text) != std::string::npos; }

 private:
  std::string tmux(const std::vector<std::string>& words) const;

  test::TemporaryDirectory directory_;  // of its socket
};

}  // namespace rookery::system_test
