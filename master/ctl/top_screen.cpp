#include "master/ctl/top_screen.h"

// As macros its calls would cast as C does.
#define NCURSES_NOMACROS
#include <curses.h>

#include <clocale>
#include <csignal>
#include <cstdio>
#include <stdexcept>

namespace rookery::ctl {
namespace {

volatile std::sig_atomic_t caught_signal = 0;

void keep(int number) {
  caught_signal = number;
}

constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

attr_t attributes_of(Look look) {
  switch (look) {
    case Look::Plain:
      break;
    case Look::Strong:
      return A_BOLD;
    case Look::Heading:
      return A_REVERSE;
    case Look::Alarm:
      return A_BOLD | A_STANDOUT;
  }
  return A_NORMAL;
}

}  // namespace

Screen::Screen() {
  // Before ncurses looks: it leaves those alone that have a handler.
  struct sigaction action {};
  action.sa_handler = keep;
  for (const int number : kEnding) ::sigaction(number, &action, nullptr);
  std::setlocale(LC_ALL, "");
  terminal_ = ::newterm(nullptr, stdout, stdin);
  if (terminal_ == nullptr) throw std::runtime_error("this terminal cannot show it (is TERM right?)");
  ::cbreak();
  ::noecho();
  ::curs_set(0);
  ::keypad(stdscr, TRUE);
}

Screen::~Screen() {
  ::endwin();
  ::delscreen(static_cast<SCREEN*>(terminal_));
}

void Screen::draw(const std::vector<Line>& lines) {
  ::werase(stdscr);
  int row = 0;
  for (const Line& line : lines) {
    if (row >= LINES) break;
    ::wattrset(stdscr, static_cast<int>(attributes_of(line.look)));
    ::mvwaddnstr(stdscr, row++, 0, line.text.c_str(), COLS);
  }
  ::wattrset(stdscr, static_cast<int>(A_NORMAL));
  ::wrefresh(stdscr);
}

int Screen::key(std::chrono::milliseconds wait) {
  ::wtimeout(stdscr, static_cast<int>(wait.count()));
  const int key = ::wgetch(stdscr);
  if (key == KEY_RESIZE) return kResized;
  return key == ERR ? kNoKey : key;
}

bool Screen::wants_to_end() noexcept {
  return caught_signal != 0;
}

void Screen::end_by_signal() {
  if (caught_signal == 0) return;
  std::signal(caught_signal, SIG_DFL);
  std::raise(caught_signal);
}

}  // namespace rookery::ctl
