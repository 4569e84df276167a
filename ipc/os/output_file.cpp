#include "ipc/os/output_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "ipc/os/errors.h"

namespace rookery::os {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".rookery-";
constexpr std::size_t kRandomDigits = 16;
constexpr std::string_view kSuffix = ".part";
constexpr std::size_t kTemporaryBytes = kPrefix.size() + kRandomDigits + kSuffix.size();
constexpr int kAttempts = 8;  // each fails only if another run cleans up at the very moment at which the file is made

[[noreturn]] void fail(const fs::path& file, const std::string& what) {
  throw OutputFileError(file.string() + ": " + what);
}
[[noreturn]] void fail(const fs::path& file, const std::string& what, int error_number) {
  fail(file, what + ": " + error_text(error_number));
}

// The byte is far behind those that SQLite locks; the lock belongs to the open file and ends with its process.
bool try_lock(int descriptor) noexcept {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = off_t{1} << 62;
  lock.l_len = 1;
  return ::fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

// Also of the files that a library puts beside it: .rookery-0123456789abcdef.part-wal
bool is_temporary(std::string_view name) noexcept {
  return name.size() >= kTemporaryBytes && name.starts_with(kPrefix) &&
         name.substr(kPrefix.size() + kRandomDigits).starts_with(kSuffix) &&
         std::ranges::all_of(name.substr(kPrefix.size(), kRandomDigits),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// `temporary`: the file itself, or what SQLite keeps beside it. Its lock is held until it is gone: whoever has just
// created it and not locked it yet finds that it has no name any more.
void remove_if_abandoned(const fs::path& file, const fs::path& temporary) noexcept {
  const FileDescriptor opened(::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!opened && errno != ENOENT) return;
  struct stat status {};
  if (opened && (::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode) || !try_lock(opened.get()))) return;
  ::unlink(temporary.c_str());
}

void remove_abandoned(const fs::path& directory) noexcept {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_temporary(name)) remove_if_abandoned(directory / name.substr(0, kTemporaryBytes), entry->path());
  }
}

fs::path fresh_name(const fs::path& directory) {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != sizeof bits) fail(directory, "cannot get random bytes", errno);
  std::array<char, kRandomDigits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(bits));
  return directory / (std::string(kPrefix) + digits.data() + std::string(kSuffix));
}

[[noreturn]] void refuse_existing(const fs::path& file) {
  fail(file, "exists already: choose another name, or replace it with --force");
}

// What has the name now must not stand in the way.
void demand_replaceable(const fs::path& file, IfThere if_there) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    fail(file, "cannot look at it", errno);
  }
  if (S_ISLNK(status.st_mode)) fail(file, "is a symbolic link, which is not replaced: name the file itself");
  if (S_ISDIR(status.st_mode)) fail(file, "is a directory");
  if (!S_ISREG(status.st_mode)) fail(file, "is not a regular file, and is not replaced");
  if (if_there == IfThere::Refuse) refuse_existing(file);
}

void sync_directory(const fs::path& directory) {
  const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) fail(directory, "cannot bring it to the disk", errno);
}

// False: the name is taken.
bool rename_to_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS) fail(to, "cannot give the file this name", errno);
  // A file system that does not know the flag.
  if (::link(from.c_str(), to.c_str()) != 0) {
    if (errno == EEXIST) return false;
    fail(to, "cannot give the file this name", errno);
  }
  ::unlink(from.c_str());
  return true;
}

}  // namespace

void write_all(int descriptor, std::string_view bytes, const fs::path& shown_as) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(shown_as, "cannot write it", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

NewFile::NewFile(fs::path file, IfThere if_there, mode_t mode)
    : file_(std::move(file)),
      directory_(file_.has_parent_path() ? file_.parent_path() : fs::path(".")),
      if_there_(if_there) {
  if (file_.filename().empty()) fail(file_, "is not the name of a file");
  demand_replaceable(file_, if_there_);
  remove_abandoned(directory_);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    temporary_ = fresh_name(directory_);
    descriptor_.reset(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!descriptor_) fail(file_, "cannot create it", errno);
    const bool locked = try_lock(descriptor_.get());
    if (!locked && errno != EAGAIN && errno != EACCES) return;  // no locks here, so nobody takes it for abandoned
    struct stat status {};
    if (locked && ::fstat(descriptor_.get(), &status) == 0 && status.st_nlink > 0) return;
  }
  fail(file_, "cannot create it: its temporary file is removed again and again");
}

NewFile::~NewFile() {
  if (!published_) ::unlink(temporary_.c_str());
}

void NewFile::publish() {
  if (::fsync(descriptor_.get()) != 0) fail(file_, "cannot bring it to the disk", errno);
  demand_replaceable(file_, if_there_);
  if (if_there_ == IfThere::Replace) {
    if (::rename(temporary_.c_str(), file_.c_str()) != 0) fail(file_, "cannot give the file this name", errno);
  } else if (!rename_to_new(temporary_, file_)) {
    refuse_existing(file_);
  }
  published_ = true;
  sync_directory(directory_);
}

TextOutput::TextOutput(fs::path file, IfThere if_there, mode_t mode) : file_(std::move(file)) {
  const auto streams = [](const struct stat& status) {
    return S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
  };
  struct stat status {};
  if (::stat(file_.c_str(), &status) != 0 || !streams(status)) {
    new_file_.emplace(file_, if_there, mode);
    return;
  }
  do stream_.reset(::open(file_.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  while (!stream_ && errno == EINTR);
  if (!stream_) fail(file_, "cannot write to it", errno);
  if (::fstat(stream_.get(), &status) != 0 || !streams(status)) fail(file_, "is another file suddenly");
}

void TextOutput::write(std::string_view text) {
  write_all(new_file_ ? new_file_->descriptor() : stream_.get(), text, file_);
}

void TextOutput::finish() {
  if (new_file_) return new_file_->publish();
  // A FIFO and most devices have nothing to be synced, and say so.
  if (::fsync(stream_.get()) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
    fail(file_, "cannot write all of it", errno);
}

bool TextOutput::is_standard_output() const noexcept {
  struct stat ours {};
  struct stat standard {};
  return stream_ && ::fstat(stream_.get(), &ours) == 0 && ::fstat(STDOUT_FILENO, &standard) == 0 &&
         ours.st_dev == standard.st_dev && ours.st_ino == standard.st_ino;
}

}  // namespace rookery::os
