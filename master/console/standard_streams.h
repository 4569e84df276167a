// master/console/standard_streams.h
//
// The operator at the terminal the server was started from: commands come in on standard input, answers go out on
// standard output. One command at a time; while an answer is awaited nothing is read.
//
// The end of standard input only ends this conversation. Standard input may be a file, /dev/null or closed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "ipc/os/clock.h"
#include "ipc/os/poller.h"
#include "master/console/output_stream.h"
#include "master/upgrade/state.h"

namespace rookery::master {

class StandardStreams final {
 public:
  using TimePoint = os::Monotonic::time_point;
  // True when the answer comes later, by reply().
  using RunLine = std::function<bool(std::string_view line)>;

  StandardStreams(os::Poller& poller, RunLine run_line);

  void start_reading();
  void on_readable();
  void on_writable() { output_.flush(); }
  // Every half second: a terminal that had us in the background may have us in the foreground now.
  void on_check();
  // Lines that are still to be run, or a file that is still to be read.
  void on_turn();
  [[nodiscard]] bool wants_turn() const noexcept;

  void write(std::string_view text);  // lines; what would harm a terminal is replaced
  void reply(std::string_view text);

  // What a successor needs to go on. Where another answer than `awaited` is awaited, it is `ask_again`.
  void save(State& state, bool awaited, std::string_view ask_again) const;
  void take_over(const State& state, bool awaits_answer);

 private:
  enum class Input : unsigned char {
    Ended,
    Watched,      // by the poller
    Paused,       // no events for the time being
    Background,   // of a terminal; tried again with each check
    RegularFile,  // the poller refuses those: read a piece in each turn
  };

  void read_piece();
  void run_lines();
  void pause(Input why);
  void watch();
  void end();

  os::Poller& poller_;
  RunLine run_line_;
  OutputStream output_;
  Input input_ = Input::Ended;
  bool awaiting_answer_ = false;
  bool more_lines_ = false;  // the buffer may hold whole lines
  bool discarding_ = false;  // ipc/wire/line_framing.h
  std::string buffer_;
};

}  // namespace rookery::master
