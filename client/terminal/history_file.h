// client/terminal/history_file.h
//
// The lines a user typed, kept from one run to the next: a text file, one line each, oldest first, readable by its
// owner alone. Lines are appended as they are typed, so several clients can share it and a killed one loses nothing.
// What must not be in it (passwords) is for the caller to hold back. A history that cannot be kept is never a reason to
// stop.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::client {

class HistoryFile {
 public:
  static constexpr std::size_t kKeptLines = 1000;

  // With an empty path nothing is kept.
  explicit HistoryFile(std::filesystem::path path) : path_(std::move(path)) {}

  // The newest kKeptLines lines. Shortens a file that has grown to more than twice as many.
  [[nodiscard]] std::vector<std::string> load();
  void append(std::string_view line);

 private:
  void replace(const std::vector<std::string>& lines) const;

  std::filesystem::path path_;
};

// client_history in the user's state directory; empty when there is no home.
[[nodiscard]] std::filesystem::path default_history_path();

}  // namespace rookery::client
