#include "tests/fault/points/attempts.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace rookery::fault {

namespace {

constexpr std::size_t kPage = 4096;

int outcome(long result) noexcept {
  return result < 0 ? errno : 0;
}

// Of a call that gives a descriptor.
int closed(long descriptor) noexcept {
  if (descriptor < 0) return errno;
  ::close(static_cast<int>(descriptor));
  return 0;
}

class Path final {
 public:
  Path(const Surroundings& where, const char* name) noexcept {
    std::snprintf(text_.data(), text_.size(), "%s/%s", where.directory, name);
  }
  [[nodiscard]] const char* get() const noexcept { return text_.data(); }

 private:
  std::array<char, sizeof(sockaddr_un::sun_path)> text_{};
};

// A new socket, or where none can be had, any descriptor: the filter judges the call before the kernel does.
class SomeSocket final {
 public:
  explicit SomeSocket(int family) noexcept : own_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~SomeSocket() {
    if (own_ >= 0) ::close(own_);
  }
  SomeSocket(const SomeSocket&) = delete;
  SomeSocket& operator=(const SomeSocket&) = delete;
  [[nodiscard]] int get() const noexcept { return own_ >= 0 ? own_ : STDIN_FILENO; }

 private:
  int own_;
};

sockaddr_in loopback(std::uint16_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int with_port(std::uint16_t port, int (*use)(int, const sockaddr_in&)) noexcept {
  const SomeSocket socket(AF_INET);
  return use(socket.get(), loopback(port));
}

int fast_open(int socket, const sockaddr_in& to) noexcept {
  const auto* const address = reinterpret_cast<const sockaddr*>(&to);
  const int result = outcome(::sendto(socket, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, address, sizeof to));
  return result == EINPROGRESS ? 0 : result;  // the first packet is under way
}

bool listens(int descriptor) noexcept {
  int yes = 0;
  socklen_t bytes = sizeof yes;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &yes, &bytes) == 0 && yes != 0;
}

int connect_by_listener(const sockaddr_in& to) noexcept {
  constexpr int kMostDescriptors = 1024;
  int listener = 0;
  while (listener < kMostDescriptors && !listens(listener)) ++listener;
  if (::shutdown(listener, SHUT_RDWR) != 0) return errno;
  return fast_open(listener, to);
}

int unix_connect(const Surroundings& where) noexcept {
  const SomeSocket socket(AF_UNIX);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", Path(where, "socket").get());
  return outcome(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

int list_directory(const char* path) noexcept {
  DIR* const directory = ::opendir(path);
  if (directory == nullptr) return errno;
  ::closedir(directory);
  return 0;
}

int fork_once() noexcept {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) ::_exit(0);
  return outcome(::waitpid(child, nullptr, 0));
}

int map_executable() noexcept {
  void* const memory = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  return outcome(::munmap(memory, kPage));
}

int make_executable() noexcept {
  void* const memory = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0;
  const int result = outcome(::mprotect(memory, kPage, PROT_READ | PROT_EXEC));
  ::munmap(memory, kPage);
  return result;
}

int change_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno;
  return outcome(::setrlimit(RLIMIT_NOFILE, &limit));
}

int renice(pid_t master) noexcept {
  // The system call counts from 40 down, so that no value is an error.
  const long nice = 20 - ::syscall(SYS_getpriority, PRIO_PROCESS, master);
  return outcome(::setpriority(PRIO_PROCESS, static_cast<id_t>(master), static_cast<int>(nice)));
}

int execute() noexcept {
  std::array<char, 10> name{"/bin/true"};
  const std::array<char*, 2> arguments{name.data(), nullptr};
  return outcome(::execv(name.data(), arguments.data()));
}

int trace(pid_t master) noexcept {
  if (::ptrace(PTRACE_SEIZE, master, nullptr, nullptr) != 0) return errno;
  ::ptrace(PTRACE_INTERRUPT, master, nullptr, nullptr);
  ::waitpid(master, nullptr, __WALL);
  return outcome(::ptrace(PTRACE_DETACH, master, nullptr, nullptr));
}

// A constant: it has the same address there, since this process was forked from it.
int read_memory(pid_t master) noexcept {
  static const std::uint64_t here = 1;
  std::uint64_t copy = 0;
  const iovec to{&copy, sizeof copy};
  const iovec from{const_cast<std::uint64_t*>(&here), sizeof here};
  return outcome(::process_vm_readv(master, &to, 1, &from, 1, 0));
}

int load_bpf() noexcept {
  bpf_attr map{};
  map.map_type = BPF_MAP_TYPE_ARRAY;
  map.key_size = map.value_size = sizeof(std::uint32_t);
  map.max_entries = 1;
  return closed(::syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map));
}

int remove_one(const Surroundings& where) noexcept {
  const int made = outcome(::unlink(Path(where, "made").get()));
  return made == ENOENT ? outcome(::unlink(Path(where, "file").get())) : made;
}

}  // namespace

int make_attempt(Attempt attempt, const Surroundings& where) noexcept {
  const pid_t master = ::getppid();
  const Path file(where, "file");
  const auto socket_of = [](int family, int type) { return closed(::socket(family, type | SOCK_CLOEXEC, 0)); };
  switch (attempt) {
    case Attempt::OpenToRead:
      return closed(::open(file.get(), O_RDONLY | O_CLOEXEC));
    case Attempt::OpenToWrite:
      return closed(::open(file.get(), O_WRONLY | O_CLOEXEC));
    case Attempt::CreateFile:
      return closed(::open(Path(where, "made").get(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    case Attempt::RemoveFile:
      return remove_one(where);
    case Attempt::ListDirectory:
      return list_directory(where.directory);
    case Attempt::LookAtFile: {
      struct stat status {};
      return outcome(::stat(file.get(), &status));
    }
    case Attempt::TcpSocket:
      return socket_of(AF_INET, SOCK_STREAM);
    case Attempt::TcpConnect:
      return with_port(where.port, [](int socket, const sockaddr_in& to) {
        return outcome(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to));
      });
    case Attempt::FastOpen: {
      const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (socket < 0) return errno;
      const int result = fast_open(socket, loopback(where.port));
      ::close(socket);
      return result;
    }
    case Attempt::UnixConnect:
      return unix_connect(where);
    case Attempt::UdpSocket:
      return socket_of(AF_INET, SOCK_DGRAM);
    case Attempt::NetlinkSocket:
      return socket_of(AF_NETLINK, SOCK_RAW);
    case Attempt::RawSocket:
      return closed(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
    case Attempt::BindPort:
      return with_port(0, [](int socket, const sockaddr_in& to) {
        return outcome(::bind(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to));
      });
    case Attempt::Fork:
      return fork_once();
    case Attempt::KillMaster:
      return outcome(::kill(master, 0));
    case Attempt::KillMastersThread:
      return outcome(::syscall(SYS_tgkill, master, master, 0));
    case Attempt::PidfdOfMaster:
      return closed(::syscall(SYS_pidfd_open, master, 0));
    case Attempt::ReniceMaster:
      return renice(master);
    case Attempt::ExecutableMemory:
      return map_executable();
    case Attempt::MadeExecutable:
      return make_executable();
    case Attempt::NewNamespace:
      return outcome(::unshare(CLONE_NEWUTS));
    case Attempt::ChangeLimit:
      return change_limit();
    case Attempt::Memfd:
      return closed(::memfd_create("attempt", MFD_CLOEXEC));
    case Attempt::Execute:
      return execute();
    case Attempt::TraceMaster:
      return trace(master);
    case Attempt::ReadMastersMemory:
      return read_memory(master);
    case Attempt::LoadBpf:
      return load_bpf();
    case Attempt::ListenerConnects:
      return connect_by_listener(loopback(where.port));
  }
  return 0;
}

}  // namespace rookery::fault
