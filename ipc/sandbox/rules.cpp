#include "ipc/sandbox/rules.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "ipc/sandbox/sanitized.h"

namespace rookery::sandbox {

namespace {

constexpr std::uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

// What every child does.
constexpr Rule kAnyChild[] = {
    // waiting, and descriptors that it has
    {"epoll_wait"},
    {"epoll_pwait"},
    {"epoll_pwait2"},
    {"epoll_ctl"},
    {"epoll_create1"},
    {"poll"},
    {"ppoll"},
    {"pause"},
    {"read"},
    {"write"},
    {"readv"},
    {"writev"},
    {"recvfrom"},
    {"recvmsg"},
    {"sendto"},
    {"sendmsg"},
    {"getsockopt"},
    {"getsockname"},
    {"getpeername"},
    {"close"},
    {"close_range"},
    {"dup2", {is(1, STDERR_FILENO)}},  // another file for the log
    {"dup3", {is(1, STDERR_FILENO)}},
    {"fstat"},
    {"lseek"},
    {"fcntl", {is(1, F_GETFD)}},
    {"fcntl", {is(1, F_SETFD)}},
    {"fcntl", {is(1, F_GETFL)}},
    {"fcntl", {is(1, F_SETFL)}},
    {"fcntl", {is(1, F_GET_SEALS)}},
    {"ioctl", {is(1, SIOCINQ)}},
    {"ioctl", {is(1, SIOCOUTQ)}},
    {"ioctl", {is(1, FIONBIO)}},

    // memory: none that can be written first and executed then
    {"mmap", {without(2, PROT_EXEC)}},
    {"mprotect", {without(2, PROT_EXEC)}},
    {"munmap"},
    {"mremap"},
    {"madvise"},
    {"brk"},
    {"fallocate"},  // of regions that it has open for writing

    // threads of its own
    {"clone", {Where{Test::Bits, 0, kThread | kNamespaces | CLONE_PTRACE, kThread}}},
    {"clone3", {}, Answer::Unknown},
    {"futex"},
    {"set_robust_list"},
    {"rseq"},
    {"gettid"},
    {"sched_yield"},
    {"sched_getaffinity"},
    {"setpriority", {is(0, PRIO_PROCESS), is(1, 0)}},
    {"prctl", {is(0, PR_SET_NAME)}},
    {"prctl", {is(0, PR_GET_NAME)}},
    {"membarrier"},
    {"exit"},
    {"exit_group"},

    // time, random numbers, itself
    {"clock_gettime"},
    {"clock_getres"},
    {"clock_nanosleep"},
    {"nanosleep"},
    {"gettimeofday"},
    {"time"},
    {"getrandom"},
    {"getpid"},
    {"getppid"},
    {"getuid"},
    {"geteuid"},
    {"getgid"},
    {"getegid"},
    {"getrusage"},
    {"sysinfo"},
    {"uname"},

    // signals: to itself, as a crash does
    {"rt_sigaction"},
    {"rt_sigprocmask"},
    {"rt_sigreturn"},
    {"rt_sigpending"},
    {"rt_sigtimedwait"},
    {"sigaltstack"},
    {"restart_syscall"},
    {"kill", {Where{Test::OwnPid, 0}}},
    {"tgkill", {Where{Test::OwnPid, 0}}},
};

constexpr Rule kClients[] = {
    {"accept4"},
    {"accept"},
};

constexpr Rule kInput[] = {
    {"setsockopt", {is(1, SOL_SOCKET), is(2, SO_OOBINLINE)}},  // of connections that came before the listener had it
};

constexpr Rule kHttp[] = {
    // of the data directory: free space, the size of files
    {"fstatfs"},
    {"newfstatat"},
    // libmicrohttpd's
    {"setsockopt"},
    {"eventfd2"},
    {"pipe2"},
    {"select"},
    {"pselect6"},
    {"timerfd_create"},
    {"timerfd_settime"},
};

// Where to is for Landlock to say.
constexpr Rule kStore[] = {
    {"openat"},
    {"open"},
    {"pread64"},
    {"pwrite64"},
    {"preadv"},
    {"pwritev"},
    {"pwritev2"},
    {"fsync"},
    {"fdatasync"},
    {"sync_file_range"},
    {"ftruncate"},
    {"fadvise64"},
    {"copy_file_range"},
    {"sendfile"},
    {"msync"},
    {"flock"},
    {"fcntl", {is(1, F_GETLK)}},
    {"fcntl", {is(1, F_SETLK)}},
    {"fcntl", {is(1, F_SETLKW)}},
    {"fcntl", {is(1, F_OFD_GETLK)}},
    {"fcntl", {is(1, F_OFD_SETLK)}},
    {"stat"},
    {"lstat"},
    {"newfstatat"},
    {"statx"},
    {"statfs"},
    {"fstatfs"},
    {"access"},
    {"faccessat"},
    {"faccessat2"},
    {"readlink"},
    {"readlinkat"},
    {"getdents64"},
    {"getcwd"},
    {"unlink"},
    {"unlinkat"},
    {"rmdir"},
    {"rename"},
    {"renameat"},
    {"renameat2"},
    {"mkdir"},
    {"mkdirat"},
    {"fchmod"},
    {"fchown"},
    {"utimensat"},
    {"umask"},
};

// What no child's code contains: whoever calls it has come in from outside.
constexpr Rule kAttacks[] = {
    {"execve", {}, Answer::Kill},
    {"execveat", {}, Answer::Kill},
    {"mount", {}, Answer::Kill},
    {"umount2", {}, Answer::Kill},
    {"pivot_root", {}, Answer::Kill},
    {"chroot", {}, Answer::Kill},
    {"setns", {}, Answer::Kill},
    {"init_module", {}, Answer::Kill},
    {"finit_module", {}, Answer::Kill},
    {"delete_module", {}, Answer::Kill},
    {"kexec_load", {}, Answer::Kill},
    {"kexec_file_load", {}, Answer::Kill},
    {"reboot", {}, Answer::Kill},
    {"swapon", {}, Answer::Kill},
    {"bpf", {}, Answer::Kill},
    {"userfaultfd", {}, Answer::Kill},
    {"io_uring_setup", {}, Answer::Kill},
    {"perf_event_open", {}, Answer::Kill},
    {"keyctl", {}, Answer::Kill},
    {"add_key", {}, Answer::Kill},
    {"request_key", {}, Answer::Kill},
    {"open_by_handle_at", {}, Answer::Kill},
};

constexpr Rule kTracing[] = {
    {"ptrace", {}, Answer::Kill},
    {"process_vm_readv", {}, Answer::Kill},
    {"process_vm_writev", {}, Answer::Kill},
};

// See sanitized.h.
constexpr Rule kSanitizers[] = {
    {"openat", {without(2, O_ACCMODE | O_CREAT | O_TRUNC)}},
    {"open", {without(1, O_ACCMODE | O_CREAT | O_TRUNC)}},
    {"dup"},
    {"pipe"},
    {"readlink"},
    {"readlinkat"},
    {"stat"},
    {"lstat"},
    {"newfstatat"},
    {"access"},
    {"getdents"},
    {"getdents64"},
    {"getcwd"},
    {"pread64"},
    {"clone", {without(0, kNamespaces)}},
    {"ptrace"},
    {"process_vm_readv"},
    {"wait4"},
    {"prctl"},
    {"pipe2"},
    {"personality"},
    {"sched_setaffinity"},
    {"prlimit64"},
};

// Blocks of 2^n descriptors that make up [first, end): a filter can compare with a mask, and not with a range.
void add_shutdown_of(std::uint64_t first, std::uint64_t end, std::vector<Rule>& rules) {
  while (first < end) {
    std::uint64_t block = first & (~first + 1);
    while (first + block > end) block /= 2;
    rules.push_back({"shutdown", {Where{Test::Bits, 0, ~(block - 1), first}}});
    first += block;
  }
}

// A listener that is shut down accepts for no worker any more; and it can be made to connect, by a send with
// MSG_FASTOPEN: no other socket of a child is neither connected nor listening. Looking into each send instead would
// cost a tenth of an echo.
std::vector<Rule> shutdown_of_all_but(int listener) {
  constexpr std::uint64_t kFirst = STDERR_FILENO + 1;  // what dup2() can make a second listener of
  constexpr std::uint64_t kEnd = std::uint64_t{1} << 31;
  const auto gap = static_cast<std::uint64_t>(std::max(listener, STDERR_FILENO));
  std::vector<Rule> rules;
  add_shutdown_of(kFirst, gap, rules);
  add_shutdown_of(gap + 1, kEnd, rules);
  return rules;
}

}  // namespace

Rules rules_of(Role role, int listener) {
  if (role == Role::Master) return masters_rules();
  Rules rules{Answer::Refuse, {kAnyChild, kAttacks}, {}};
  if (role == Role::Ledger) rules.parts.emplace_back(kStore);
  if (role != Role::Ledger) rules.parts.emplace_back(kClients);
  if (role == Role::Worker) rules.parts.emplace_back(kInput);
  if (role == Role::Exporter) rules.parts.emplace_back(kHttp);
  if (role != Role::Ledger) rules.made = shutdown_of_all_but(listener);
  rules.parts.emplace_back(kSanitized ? std::span<const Rule>(kSanitizers) : std::span<const Rule>(kTracing));
  return rules;
}

}  // namespace rookery::sandbox
