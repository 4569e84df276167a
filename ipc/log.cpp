#include "ipc/log.h"

#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <memory>
#include <mutex>

namespace rookery::log {

namespace {

class StandardErrorSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    if (dropped_ > 0) fmt::format_to(fmt::appender(text), "({} lines before this one were dropped)\n", dropped_);
    base_sink<std::mutex>::formatter_->format(message, text);
    if (text.size() > PIPE_BUF) {  // poll() promises room for so much at once, and no more
      text.resize(PIPE_BUF);
      text[PIPE_BUF - 1] = '\n';
    }
    if (put({text.data(), text.size()}))
      dropped_ = 0;
    else
      ++dropped_;
  }
  void flush_() override {}

 private:
  // One write for a line, so that lines of several processes do not mix.
  static bool put(std::string_view text) {
    pollfd out{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) return false;
    ssize_t written;
    do {
      written = ::write(STDERR_FILENO, text.data(), text.size());
    } while (written < 0 && errno == EINTR);
    return written == static_cast<ssize_t>(text.size());
  }

  std::uint64_t dropped_ = 0;
};

std::atomic<Level> current_level{Level::Info};

// Kept for the life of the process: any thread may write until the very end.
spdlog::logger*& logger() {
  static spdlog::logger* instance = nullptr;
  return instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  return static_cast<spdlog::level::level_enum>(static_cast<int>(level));
}

}  // namespace

void start(const std::string& process, Level level) {
  static_assert(static_cast<int>(Level::Off) == SPDLOG_LEVEL_OFF);
  delete logger();
  logger() = new spdlog::logger(process, std::make_shared<StandardErrorSink>());
  logger()->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %n pid=%P %v",
                                                                      spdlog::pattern_time_type::utc));
  logger()->set_level(to_spdlog(level));
  current_level.store(level, std::memory_order_relaxed);
}

bool enabled(Level level) noexcept {
  return level >= current_level.load(std::memory_order_relaxed);
}

void line(Level level, std::string_view text) noexcept {
  if (logger() == nullptr || !enabled(level)) return;
  std::string safe(level >= Level::Warning && level < Level::Off ? (level == Level::Critical ? "ALERT "
                                                                    : level == Level::Error  ? "error: "
                                                                                             : "warning: ")
                                                                 : "");
  safe += text;
  // A line stays one line, and whoever reads it in a terminal is safe from what clients sent.
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  logger()->log(to_spdlog(level), spdlog::string_view_t(safe.data(), safe.size()));
}

}  // namespace rookery::log
