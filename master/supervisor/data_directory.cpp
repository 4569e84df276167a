#include "master/supervisor/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <system_error>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "master/ledger/schema.h"
#include "master/supervisor/start_error.h"

namespace rookery::master {

namespace {

constexpr mode_t kOwnerOnly = 0700;
constexpr const char* kLockName = "lock";
constexpr const char* kWriteAheadLogName = "rookery.db-wal";
// A ledger whose master was killed is killed with it; that may take the kernel a moment.
constexpr std::chrono::seconds kWaitForOrphan{2};
constexpr int kLookAgainMs = 20;

[[noreturn]] void refuse(const std::filesystem::path& path, int error_number) {
  throw StartError(EX_CONFIG, fmt::format("cannot use {} as data directory: {} (choose another with --data)",
                                          path.string(), os::error_text(error_number)));
}

bool try_lock(int descriptor, const std::filesystem::path& path) {
  for (;;) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) refuse(path, errno);
  }
}

// False: somebody else has it. Some file systems lock no directories: then the file has to do.
bool lock_directory(int descriptor) noexcept {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    if (errno != EINTR) return errno != EWOULDBLOCK;
  return true;
}

// 0 when the file names none.
pid_t read_pid(int descriptor) noexcept {
  std::array<char, 16> text{};
  const auto bytes = ::pread(descriptor, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (bytes > 0) std::from_chars(text.data(), text.data() + bytes, pid);
  return pid > 0 ? pid : 0;
}

bool is_running(pid_t pid) noexcept {
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

// Whoever has the lock at this moment, as far as /proc lets us see; 0 when it does not. (The number in /proc/locks is
// that of the process that took the lock, which may be dead: a lock lives as long as the last descriptor of it.)
pid_t lock_holder(int descriptor) {
  struct stat lock {};
  if (::fstat(descriptor, &lock) != 0) return 0;
  namespace fs = std::filesystem;
  std::error_code none;
  for (const auto& process : fs::directory_iterator("/proc", none)) {
    const std::string name = process.path().filename().string();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size() || pid == ::getpid()) continue;
    for (fs::directory_iterator entry(process.path() / "fd", none); entry != fs::directory_iterator();
         entry.increment(none)) {
      struct stat file {};
      if (::stat(entry->path().c_str(), &file) != 0 || file.st_ino != lock.st_ino || file.st_dev != lock.st_dev)
        continue;
      std::ifstream info(process.path() / "fdinfo" / entry->path().filename());
      for (std::string line; std::getline(info, line);)
        if (line.starts_with("lock:")) return pid;
    }
  }
  return 0;
}

std::string describe_holder(int descriptor, pid_t owner) {
  const pid_t holder = lock_holder(descriptor);
  if (owner == 0 && holder != 0) return fmt::format("pid {}", holder);  // the file is not there, or names nobody
  if (holder == 0 || is_running(owner)) return owner > 0 ? fmt::format("pid {}", owner) : std::string("pid unknown");
  return fmt::format("pid {} is gone, but process {} is left of it and may still write", owner, holder);
}

}  // namespace

DataDirectory::DataDirectory(std::filesystem::path path) : path_(std::move(path)) {
  create();
  directory_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) refuse(path_, errno);
  struct stat status {};
  if (::fstat(directory_.get(), &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    log::warning("other users may write to the data directory {}: chmod go-w it", path_.string());
  take_locks();
}

// The program before this one may not have locked the directory.
DataDirectory::DataDirectory(std::filesystem::path path, os::FileDescriptor directory, os::FileDescriptor lock)
    : path_(std::move(path)), directory_(std::move(directory)), lock_(std::move(lock)) {
  if (!lock_directory(directory_.get()))
    log::warning("cannot lock the data directory {}: {}", path_.string(), os::error_text(errno));
}

void DataDirectory::create() const {
  std::filesystem::path part;
  for (const auto& name : path_) {
    part /= name;
    if (part.empty() || ::mkdir(part.c_str(), kOwnerOnly) == 0) continue;
    // Of "/", an automounted or a read-only parent the reason may be another than EEXIST: what counts is that it is
    // there.
    const int reason = errno;
    struct stat status {};
    if (::stat(part.c_str(), &status) != 0) refuse(path_, reason == EEXIST ? errno : reason);
    if (!S_ISDIR(status.st_mode)) refuse(path_, ENOTDIR);
  }
}

// The directory first: who finds it locked leaves no file behind.
void DataDirectory::take_locks() {
  const auto deadline = os::Monotonic::now() + kWaitForOrphan;
  const auto take = [&](int descriptor, const auto& try_it) {
    while (!try_it(descriptor)) {
      // Only the file has the number of its owner.
      const os::FileDescriptor file(::openat(directory_.get(), kLockName, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
      const pid_t pid = file ? read_pid(file.get()) : 0;
      if (is_running(pid) || os::Monotonic::now() >= deadline) refuse_second(descriptor, pid);
      ::poll(nullptr, 0, kLookAgainMs);
    }
  };
  take(directory_.get(), [](int descriptor) { return lock_directory(descriptor); });
  for (;;) {
    open_lock_file();
    take(lock_.get(), [this](int descriptor) { return try_lock(descriptor, path_); });
    // It may have been removed after it was opened.
    struct stat ours {};
    struct stat named {};
    if (::fstat(lock_.get(), &ours) == 0 && ::fstatat(directory_.get(), kLockName, &named, 0) == 0 &&
        ours.st_dev == named.st_dev && ours.st_ino == named.st_ino)
      break;
    if (os::Monotonic::now() >= deadline) refuse(path_, ESTALE);
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  // The lock holds whatever the file says: the number is for people.
  if (::ftruncate(lock_.get(), 0) != 0 || ::pwrite(lock_.get(), pid.data(), pid.size(), 0) < 0)
    log::warning("cannot write my pid into {}: {}", (path_ / kLockName).string(), os::error_text(errno));
}

void DataDirectory::open_lock_file() {
  lock_.reset(::openat(directory_.get(), kLockName, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) refuse(path_, errno);
}

void DataDirectory::refuse_second(int locked, pid_t pid) const {
  throw StartError(EX_UNAVAILABLE,
                   fmt::format("the data directory {} is in use by another rookery-master ({}): stop that one, or "
                               "choose another directory with --data",
                               path_.string(), describe_holder(locked, pid)));
}

std::string DataDirectory::short_path(std::string_view name) const {
  return fmt::format("/proc/self/fd/{}/{}", directory_.get(), name);
}

void DataDirectory::remove(const char* name) const noexcept {
  ::unlinkat(directory_.get(), name, 0);
}

std::optional<std::uint64_t> DataDirectory::store_bytes() const noexcept {
  struct stat status {};
  if (::fstatat(directory_.get(), store::kDatabaseName, &status, 0) != 0) return std::nullopt;
  auto bytes = static_cast<std::uint64_t>(status.st_size);
  if (::fstatat(directory_.get(), kWriteAheadLogName, &status, 0) == 0)
    bytes += static_cast<std::uint64_t>(status.st_size);
  return bytes;
}

std::optional<std::uint64_t> DataDirectory::free_bytes() const noexcept {
  struct statvfs status {};
  if (::fstatvfs(directory_.get(), &status) != 0) return std::nullopt;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace rookery::master
