// ipc/log.h
//
// The log that operators read: one line an event on standard error, naming process and client.
//     2026-11-21T10:00:00.123Z worker 1 pid=1240 client=12 127.0.0.1:56552 connected
//     {"time":"2026-11-21T10:00:00.123Z","process":"worker 1","pid":1240,"level":"info","client":12,
//      "address":"127.0.0.1:56552","message":"connected"}                     (one line)
// Not to be confused with the chat's log ring.
//
//     info("serving, loops={}", loops);
//     about_client(Topic::Connections, Level::Info, {12, "127.0.0.1:56552"}, "connected");
//
// What a client can cause at will goes by about_client(): so much of a topic and no more (ipc/log_limit.h); how many
// lines were left out is told. Nothing else is ever left out. Never give it what a client may have meant for a
// password.
//
// Writing never blocks: a line that standard error would not take at once (a full pipe, a full disk) is dropped and
// counted, and the count is told with the next line that gets through. A line is at most 4,096 bytes (PIPE_BUF): what
// is longer is cut, and control characters become spaces. Usable from any thread; the lines of one that has left
// standard error (ipc/os/error_output.h) wait for the next line of another, or for look_after().
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::log {

enum class Level : unsigned char { Trace, Debug, Info, Warning, Error, Critical, Off };
enum class Format : unsigned char { Text, Json };

// In each process after its fork. `process` is "master", "ledger" or "worker 1".
void start(const std::string& process, Level level, Format format = Format::Text);
// From here on; any thread.
void change(Level level, Format format) noexcept;

[[nodiscard]] bool enabled(Level level) noexcept;
void line(Level level, std::string_view text) noexcept;

template <class... Args>
void write(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) line(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Info, format, std::forward<Args>(args)...);
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Warning, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Error, format, std::forward<Args>(args)...);
}
// Something is wrong that a person must look at: the word ALERT stands in the line.
template <class... Args>
void alert(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Critical, format, std::forward<Args>(args)...);
}

// What a client's line is about: a flood of one topic hides no other.
enum class Topic : unsigned char { Connections, Logins, Limits, Sessions };
inline constexpr std::size_t kTopics = 4;

struct Client {
  std::uint64_t id = 0;           // 0: it has none yet
  std::string_view address = {};  // empty: not told
};

[[nodiscard]] bool admit(Topic topic, Level level) noexcept;
void client_line(Level level, const Client& client, std::string_view text) noexcept;

template <class... Args>
void about_client(Topic topic, Level level, const Client& client, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level) && admit(topic, level))
    client_line(level, client, fmt::format(format, std::forward<Args>(args)...));
}

// A few times a second in a process that has clients: tells what was left out, and writes what waits. Before its end
// also what was left out a moment ago.
void look_after(bool at_the_end = false) noexcept;

}  // namespace rookery::log
