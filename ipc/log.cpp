#include "ipc/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <deque>
#include <exception>
#include <mutex>

#include "ipc/log_limit.h"
#include "ipc/log_line.h"
#include "ipc/os/clock.h"
#include "ipc/os/error_output.h"

namespace rookery::log {

namespace {

constexpr std::size_t kMaxWaiting = 256;  // lines of threads that have no standard error

std::atomic<bool> started{false};
std::atomic<Level> current_level{Level::Info};
std::atomic<Format> current_format{Format::Text};

// Kept for the life of the process: any thread may write until the very end.
struct State {
  std::mutex mutex;  // for all below
  std::string process;
  std::deque<std::string> waiting;
  std::uint64_t dropped = 0;
  std::array<Limit, kTopics> limits;
};
State& state() {
  static State* const instance = new State;
  return *instance;
}

std::string made(const State& state, Level level, const Client& client, std::string_view text) {
  return format_line({.time_ms = os::realtime_ms(),
                      .process = state.process,
                      .pid = static_cast<int>(::getpid()),
                      .level = level,
                      .client = client,
                      .message = text},
                     current_format.load(std::memory_order_relaxed));
}

void put_waiting(State& state) {
  while (!state.waiting.empty()) {
    if (!os::put_error_line(state.waiting.front())) ++state.dropped;
    state.waiting.pop_front();
  }
}

// REQUIRES: the mutex.
void put(State& state, Level level, const Client& client, std::string_view text) {
  std::string line = made(state, level, client, text);
  if (!os::has_error_output()) {
    if (state.waiting.size() < kMaxWaiting)
      state.waiting.push_back(std::move(line));
    else
      ++state.dropped;
    return;
  }
  put_waiting(state);
  if (state.dropped > 0) {
    const std::string note = fmt::format("{} lines before this one were dropped", state.dropped);
    if (os::put_error_line(made(state, Level::Warning, {}, note))) state.dropped = 0;
  }
  if (!os::put_error_line(line)) ++state.dropped;
}

std::string_view name_of(std::size_t topic) noexcept {
  switch (static_cast<Topic>(topic)) {
    case Topic::Connections:
      return "connections";
    case Topic::Logins:
      return "logins";
    case Topic::Limits:
      return "limits";
    case Topic::Sessions:
      return "clients";
  }
  return "?";
}

void tell_left_out(State& state, bool at_the_end) {
  const auto now = os::Monotonic::now();
  for (std::size_t topic = 0; topic < kTopics; ++topic)
    if (const std::uint64_t number = state.limits[topic].take_left_out(now, at_the_end))
      put(state, Level::Warning, {},
          fmt::format("{} lines about {} were left out: more than {} a second", number, name_of(topic),
                      kLinesPerSecond));
}

}  // namespace

void start(const std::string& process, Level level, Format format) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  all.process = process;
  all.waiting.clear();
  all.dropped = 0;
  all.limits = {};
  change(level, format);
  started.store(true, std::memory_order_release);
}

void change(Level level, Format format) noexcept {
  current_level.store(level, std::memory_order_relaxed);
  current_format.store(format, std::memory_order_relaxed);
}

bool enabled(Level level) noexcept {
  return level >= current_level.load(std::memory_order_relaxed);
}

void line(Level level, std::string_view text) noexcept {
  client_line(level, {}, text);
}

void client_line(Level level, const Client& client, std::string_view text) noexcept {
  if (!started.load(std::memory_order_acquire) || !enabled(level)) return;
  State& all = state();
  const std::lock_guard lock(all.mutex);
  try {
    put(all, level, client, text);
  } catch (const std::exception&) {  // no memory
    ++all.dropped;
  }
}

bool admit(Topic topic, Level level) noexcept {
  if (level >= Level::Critical) return true;
  State& all = state();
  const std::lock_guard lock(all.mutex);
  return all.limits[static_cast<std::size_t>(topic)].admit(os::Monotonic::now());
}

void look_after(bool at_the_end) noexcept {
  if (!started.load(std::memory_order_acquire)) return;
  State& all = state();
  const std::lock_guard lock(all.mutex);
  try {
    if (os::has_error_output()) put_waiting(all);
    if (enabled(Level::Warning)) tell_left_out(all, at_the_end);
  } catch (const std::exception&) {
    ++all.dropped;
  }
}

}  // namespace rookery::log
