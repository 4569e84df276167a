#include "client/terminal/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "ipc/wire/data_directory.h"

namespace rookery::client {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOwnerOnlyDirectory = 0700;

// False when the file could not be opened or took only a part.
bool write_whole(const std::filesystem::path& path, int flags, std::string_view bytes) {
  const int fd = ::open(path.c_str(), flags | O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly);
  if (fd < 0) return false;
  bool whole = ::fchmod(fd, kOwnerOnly) == 0;  // it may have been there before, with another mode
  while (whole && !bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    whole = count > 0;
    if (whole) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  ::close(fd);
  return whole;
}

// The last directory may be the server's data directory too, so it belongs to its owner alone.
void make_directory(const std::filesystem::path& directory) {
  std::error_code ignored;
  std::filesystem::create_directories(directory.parent_path(), ignored);
  (void)::mkdir(directory.c_str(), kOwnerOnlyDirectory);
}

}  // namespace

std::vector<std::string> HistoryFile::load() {
  std::vector<std::string> lines;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines.push_back(line);
  const bool overgrown = lines.size() > 2 * kKeptLines;
  if (lines.size() > kKeptLines) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kKeptLines));
  if (overgrown) replace(lines);
  return lines;
}

void HistoryFile::append(std::string_view line) {
  if (path_.empty() || line.empty()) return;
  make_directory(path_.parent_path());
  (void)write_whole(path_, O_APPEND, std::string(line) + "\n");
}

void HistoryFile::replace(const std::vector<std::string>& lines) const {
  std::string bytes;
  for (const std::string& line : lines) bytes += line + "\n";
  std::filesystem::path fresh = path_;
  fresh += "." + std::to_string(::getpid());
  std::error_code ignored;
  if (write_whole(fresh, O_TRUNC, bytes))
    std::filesystem::rename(fresh, path_, ignored);
  else
    std::filesystem::remove(fresh, ignored);
}

std::filesystem::path default_history_path() {
  try {
    return wire::user_state_directory() / "client_history";
  } catch (const std::runtime_error&) {
    return {};
  }
}

}  // namespace rookery::client
