// client/terminal/line_editor.h
//
// The bottom line of the terminal: a line being typed, with editing and history by libedit, and other text printed
// above it at any moment without tearing it. One thread: while read_line() waits for a key it calls `wait_for_key`, and
// that is where everything else happens, print() included.
//
// Needs a terminal on standard input and output. There can be one at a time. If the process dies without the
// destructor, the terminal stays without echo (`stty sane` helps), so signals that end a program must end read_line()
// instead.
#pragma once

#include <histedit.h>
#include <termios.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::client {

class LineEditor final {
 public:
  // Waits until standard input can be read. False makes the current read_line() or read_password() return nothing.
  using WaitForKey = std::function<bool()>;

  explicit LineEditor(WaitForKey wait_for_key);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  void set_prompt(std::string prompt);  // plain text without escapes, since its width counts

  // Without its end. Nothing at the end of the input (Ctrl-D on an empty line) or when wait_for_key() said so.
  [[nodiscard]] std::optional<std::string> read_line();
  // The same without echo and history.
  [[nodiscard]] std::optional<std::string> read_password(std::string_view prompt);

  void remember(const std::string& line);  // for the arrow keys

  // Prints whole lines; `text` ends with LF.
  void print(std::string_view text);

  [[nodiscard]] bool line_is_empty() const;
  [[nodiscard]] bool asks_password() const { return mode_ == Mode::Password; }
  void resized();           // after SIGWINCH
  void suspend_and_stop();  // on SIGTSTP: gives the terminal back, stops the process, and goes on after SIGCONT

 private:
  enum class Mode : unsigned char { Idle, Editing, Password };

  static int read_key(EditLine* editor, wchar_t* key);
  static char* prompt_of(EditLine* editor);
  [[nodiscard]] std::string erase_from_row(std::size_t row) const;
  [[nodiscard]] std::string erase_input() const;  // what takes the line and its prompt off the screen
  [[nodiscard]] std::size_t cursor_row(std::size_t columns) const;
  void redraw_input();
  void hide_typing() const;  // for a password; the kernel still lets backspace edit the line

  WaitForKey wait_for_key_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  Mode mode_ = Mode::Idle;
  std::size_t columns_ = 0;  // of the terminal, when it last told
  std::string prompt_ = "> ";
  std::string password_prompt_;
  bool can_erase_ = true;  // does the terminal know how to move the cursor?
  termios cooked_{};       // as we found the terminal
};

}  // namespace rookery::client
