#include "master/ctl/top.h"

#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "master/ctl/control_client.h"
#include "master/ctl/top_figures.h"
#include "master/ctl/top_screen.h"
#include "master/ctl/top_view.h"

namespace rookery::ctl {
namespace {

// A server that is being upgraded, say, answers a little later.
constexpr std::chrono::seconds kAnswerWithin{3};
// Signals are looked at so often.
constexpr std::chrono::milliseconds kLongestWait{200};

// The server, looked at again and again.
class Watch final {
 public:
  explicit Watch(const Server& server) : server_(server) {}

  void look() {
    const ControlAnswer answer = ask_server(
        server_.data, "json status", [](const std::string&) {}, kAnswerWithin);
    result_ = answer.result;
    why_ = answer.last_line;
    std::optional<ServerFigures> figures;
    if (result_ == ControlResult::Done) {
      figures = parse_status(answer.last_line, Clock::now());
      if (!figures) {
        result_ = ControlResult::Refused;
        why_ = "the server's answer is not understood; is it of another version?";
      }
    }
    if (figures)
      for (ProcessFigures& row : figures->processes)
        if (row.pid) row.usage = usage_of(*row.pid);
    if (figures && figures_) compare(*figures, *figures_);
    figures_ = std::move(figures);
  }

  [[nodiscard]] bool is_refused() const noexcept { return result_ == ControlResult::Refused; }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  [[nodiscard]] int exit_code() const noexcept {
    return result_ == ControlResult::Incomplete ? EX_UNAVAILABLE : exit_code_of(result_);  // it went away meanwhile
  }
  [[nodiscard]] std::vector<Line> shown(const TopView& view) const {
    return figures_ ? picture(*figures_, view) : picture_of_nobody(why_, view);
  }

 private:
  const Server& server_;
  ControlResult result_ = ControlResult::NoServer;
  std::string why_;
  std::optional<ServerFigures> figures_;
};

int complain(const Watch& watch) {
  std::fprintf(stderr, "rookery-ctl: %s\n", watch.why().c_str());
  return watch.exit_code();
}

int run_in_batch(Watch& watch, const TopOptions& options) {
  const TopView view{.interval = options.interval};
  for (unsigned shown = 0;; std::this_thread::sleep_for(options.interval)) {
    watch.look();
    if (watch.is_refused()) return complain(watch);
    for (const Line& line : watch.shown(view)) std::puts(line.text.c_str());
    if (++shown == options.refreshes) break;
    std::puts("");
    if (std::fflush(stdout) != 0) break;
  }
  if (std::fflush(stdout) == 0) return watch.exit_code();
  std::fputs("rookery-ctl: standard output could not be written\n", stderr);
  return EX_SOFTWARE;
}

// What a key does. True: look at the server now.
class Keys final {
 public:
  explicit Keys(TopView& view) : view_(view) {}

  [[nodiscard]] bool is_left() const noexcept { return left_; }
  [[nodiscard]] bool press(int key) {
    if (key == 'q' || key == 'Q') left_ = true;
    if (key == 's') view_.sort = next(view_.sort);
    if (key == '+') view_.interval = std::min(view_.interval * 2, kLongestInterval);
    if (key == '-') view_.interval = std::max(view_.interval / 2, kShortestInterval);
    return key == ' ';
  }

 private:
  TopView& view_;
  bool left_ = false;
};

int run_on_screen(Watch& watch, const TopOptions& options) {
  TopView view{.interval = options.interval, .keys = true};
  Keys keys(view);
  {
    Screen screen;
    for (unsigned shown = 0; !keys.is_left() && !Screen::wants_to_end();) {
      const Clock::time_point looked = Clock::now();
      watch.look();
      if (watch.is_refused()) break;
      screen.draw(watch.shown(view));
      if (++shown == options.refreshes) break;
      for (bool now = false; !now && !keys.is_left() && !Screen::wants_to_end();) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(looked + view.interval - Clock::now());
        if (left.count() <= 0) break;
        const int key = screen.key(std::min(left, kLongestWait));
        now = keys.press(key);
        if (key != Screen::kNoKey) screen.draw(watch.shown(view));
      }
    }
  }
  Screen::end_by_signal();
  if (watch.is_refused()) return complain(watch);
  return keys.is_left() ? EX_OK : watch.exit_code();
}

double seconds(const std::string& word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, std::chars_format::fixed);
  const bool sensible = error == std::errc{} && end == word.data() + word.size() &&
                        value >= std::chrono::duration<double>(kShortestInterval).count() &&
                        value <= std::chrono::duration<double>(kLongestInterval).count();
  if (!sensible) throw std::invalid_argument("'" + word + "' is not a number of seconds from 0.1 to 3600");
  return value;
}

unsigned count(const std::string& word) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value == 0)
    throw std::invalid_argument("'" + word + "' is not a number of refreshes");
  return value;
}

}  // namespace

TopOptions parse_top_options(const std::vector<std::string>& words) {
  TopOptions options;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& name = words[i];
    if (name != "-n" && name != "--interval")
      throw std::invalid_argument("top [-n REFRESHES] [--interval SECONDS]: what is '" + name + "'?");
    if (i + 1 == words.size()) throw std::invalid_argument(name + " needs a number");
    if (name == "-n")
      options.refreshes = count(words[i + 1]);
    else
      options.interval = std::chrono::milliseconds(std::llround(seconds(words[i + 1]) * 1000));
  }
  return options;
}

int run_top(const Server& server, const TopOptions& options) {
  Watch watch(server);
  if (::isatty(STDOUT_FILENO) == 0 || ::isatty(STDIN_FILENO) == 0) return run_in_batch(watch, options);
  try {
    return run_on_screen(watch, options);
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "rookery-ctl: %s\n", error.what());
    return EX_SOFTWARE;
  }
}

}  // namespace rookery::ctl
