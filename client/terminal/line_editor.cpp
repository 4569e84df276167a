#include "client/terminal/line_editor.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <cwctype>
#include <stdexcept>
#include <utility>

namespace rookery::client {
namespace {

constexpr int kRememberedLines = 1000;
constexpr std::size_t kUsualColumns = 80;

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kUsualColumns;
}

// As libedit draws it: a control character that was quoted takes two columns.
std::size_t columns_of(wchar_t character) {
  const int width = ::wcwidth(character);
  return width >= 0 ? static_cast<std::size_t>(width) : 2;
}

// One byte from standard input; 0 at its end.
ssize_t read_byte(char& byte) {
  ssize_t count = 0;
  do count = ::read(STDIN_FILENO, &byte, 1);
  while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

LineEditor::LineEditor(WaitForKey wait_for_key) : wait_for_key_(std::move(wait_for_key)) {
  if (::tcgetattr(STDIN_FILENO, &cooked_) != 0) throw std::runtime_error("standard input is not a terminal");
  const char* terminal = std::getenv("TERM");
  can_erase_ = terminal != nullptr && *terminal != '\0' && std::strcmp(terminal, "dumb") != 0;

  columns_ = terminal_columns();

  editor_ = ::el_init("rookery-client", stdin, stdout, stderr);
  history_ = ::history_init();
  if (editor_ == nullptr || history_ == nullptr) throw std::runtime_error("the line editor does not start");
  HistEvent event{};
  ::history(history_, &event, H_SETSIZE, kRememberedLines);
  ::history(history_, &event, H_SETUNIQUE, 1);
  ::el_set(editor_, EL_CLIENTDATA, this);
  ::el_set(editor_, EL_PROMPT, &LineEditor::prompt_of);
  ::el_set(editor_, EL_EDITOR, "emacs");
  ::el_set(editor_, EL_SIGNAL, 0);
  ::el_set(editor_, EL_HIST, &::history, history_);
  ::el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", static_cast<const char*>(nullptr));
  // libedit gives the terminal back between two lines; what is typed just then must be neither echoed nor taken by the
  // kernel's own line editing, or a quick Ctrl-D is lost.
  ::el_set(editor_, EL_SETTY, "-x", "-icanon", "-echo", static_cast<const char*>(nullptr));
  ::el_wset(editor_, EL_GETCFN, &LineEditor::read_key);
  (void)::el_source(editor_, nullptr);  // the user's ~/.editrc, if there is one
}

LineEditor::~LineEditor() {
  ::el_end(editor_);
  ::history_end(history_);
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked_);
}

void LineEditor::set_prompt(std::string prompt) {
  if (prompt == prompt_) return;
  const std::string erase = erase_input();  // measured with the old prompt
  prompt_ = std::move(prompt);
  if (mode_ != Mode::Editing) return;
  std::fputs(erase.c_str(), stdout);
  redraw_input();
}

char* LineEditor::prompt_of(EditLine* editor) {
  LineEditor* self = nullptr;
  ::el_get(editor, EL_CLIENTDATA, &self);
  return self->prompt_.data();
}

// libedit's way to get a character: 1 when there is one, 0 to end the line.
int LineEditor::read_key(EditLine* editor, wchar_t* key) {
  LineEditor* self = nullptr;
  ::el_get(editor, EL_CLIENTDATA, &self);
  std::mbstate_t state{};
  for (;;) {
    if (!self->wait_for_key_()) return 0;
    char byte = 0;
    if (read_byte(byte) <= 0) return 0;
    const std::size_t outcome = std::mbrtowc(key, &byte, 1, &state);
    if (outcome == static_cast<std::size_t>(-2)) continue;  // the character goes on
    if (outcome != static_cast<std::size_t>(-1)) return 1;
    state = {};  // no character of this encoding: passed over
  }
}

std::optional<std::string> LineEditor::read_line() {
  mode_ = Mode::Editing;
  int length = 0;
  const char* line = ::el_gets(editor_, &length);
  mode_ = Mode::Idle;
  if (line == nullptr || length <= 0) {
    std::fputc('\n', stdout);
    std::fflush(stdout);
    return std::nullopt;
  }
  std::string text(line);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

void LineEditor::hide_typing() const {
  termios wanted = cooked_;
  wanted.c_lflag |= ICANON | ISIG;
  wanted.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &wanted);
}

std::optional<std::string> LineEditor::read_password(std::string_view prompt) {
  password_prompt_ = prompt;
  mode_ = Mode::Password;
  termios before{};
  (void)::tcgetattr(STDIN_FILENO, &before);
  hide_typing();
  redraw_input();
  std::string password;
  bool whole = false;
  while (!whole && wait_for_key_()) {
    char byte = 0;
    if (read_byte(byte) <= 0) break;
    whole = byte == '\n';
    if (!whole) password.push_back(byte);
  }
  if (!whole) (void)::tcflush(STDIN_FILENO, TCIFLUSH);  // half a password must not appear in the next line
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
  mode_ = Mode::Idle;
  std::fputc('\n', stdout);
  std::fflush(stdout);
  if (!whole) return std::nullopt;
  if (password.ends_with('\r')) password.pop_back();  // a terminal that sends CR LF
  return password;
}

void LineEditor::remember(const std::string& line) {
  HistEvent event{};
  ::history(history_, &event, H_ENTER, line.c_str());
}

// libedit wraps by itself, so how far the cursor is below the prompt's row has to be counted out.
std::size_t LineEditor::cursor_row(std::size_t columns) const {
  if (mode_ != Mode::Editing) return 0;
  std::size_t row = 0;
  std::size_t column = 0;
  const auto advance = [&](wchar_t character) {
    const std::size_t width = columns_of(character);
    if (column + width > columns) {  // a wide character does not straddle the edge
      ++row;
      column = 0;
    }
    column += width;
    if (column >= columns) {
      ++row;
      column = 0;
    }
  };
  std::mbstate_t state{};
  for (const char* rest = prompt_.c_str(); *rest != '\0';) {
    wchar_t character = 0;
    const std::size_t bytes = std::mbrtowc(&character, rest, MB_CUR_MAX, &state);
    if (bytes == 0 || bytes > MB_CUR_MAX) break;
    advance(character);
    rest += bytes;
  }
  const LineInfoW* line = ::el_wline(editor_);
  for (const wchar_t* character = line->buffer; character < line->cursor; ++character) advance(*character);
  return row;
}

std::string LineEditor::erase_from_row(std::size_t row) const {
  if (!can_erase_) return "\n";
  const std::string up = row > 0 ? "\033[" + std::to_string(row) + "A" : std::string();
  return up + "\r\033[J";
}

std::string LineEditor::erase_input() const {
  return mode_ == Mode::Idle ? std::string() : erase_from_row(cursor_row(columns_));
}

void LineEditor::redraw_input() {
  if (mode_ == Mode::Editing) {
    std::fflush(stdout);
    ::el_set(editor_, EL_REFRESH);
  } else if (mode_ == Mode::Password) {
    std::fputs(password_prompt_.c_str(), stdout);
  }
  std::fflush(stdout);
}

void LineEditor::print(std::string_view text) {
  std::fputs(erase_input().c_str(), stdout);
  std::fwrite(text.data(), 1, text.size(), stdout);
  redraw_input();
}

bool LineEditor::line_is_empty() const {
  if (mode_ != Mode::Editing) return true;
  const LineInfoW* line = ::el_wline(editor_);
  return line->buffer == line->lastchar;
}

void LineEditor::resized() {
  ::el_resize(editor_);
  const std::size_t old_columns = std::exchange(columns_, terminal_columns());
  if (mode_ != Mode::Editing) return;
  // Some terminals wrap what is there anew, others leave it. With the smaller of the two rows a part of the old line
  // may stay behind, but nothing above it is lost.
  std::fputs(erase_from_row(std::min(cursor_row(old_columns), cursor_row(columns_))).c_str(), stdout);
  redraw_input();
}

void LineEditor::suspend_and_stop() {
  if (mode_ == Mode::Editing) ::el_set(editor_, EL_PREP_TERM, 0);
  (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked_);
  std::fputc('\n', stdout);
  std::fflush(stdout);
  (void)::raise(SIGSTOP);
  if (mode_ == Mode::Editing) ::el_set(editor_, EL_PREP_TERM, 1);
  if (mode_ == Mode::Password) hide_typing();
  redraw_input();
}

}  // namespace rookery::client
