#include "ipc/sandbox/rules.h"

#include <fcntl.h>
#include <linux/sched.h>
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

constexpr Where without(unsigned argument, std::uint64_t bits) {
  return {Test::Bits, argument, bits, 0};
}
constexpr Where is(unsigned argument, std::uint64_t value) {
  return {Test::Bits, argument, kInt, value};
}
constexpr Where has(unsigned argument, std::uint64_t bits) {
  return {Test::Bits, argument, bits, bits};
}

// Of a socket; beside it stand SOCK_CLOEXEC and SOCK_NONBLOCK.
constexpr Where has_type(std::uint64_t type) {
  constexpr std::uint64_t kTypes = 0xf;
  return {Test::Bits, 1, kTypes, type};
}

constexpr std::uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
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

constexpr Rule kHttp[] = {
    {"setsockopt"}, {"eventfd2"}, {"pipe2"}, {"select"}, {"pselect6"}, {"timerfd_create"}, {"timerfd_settime"},
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

// The master's: what neither it nor a program that takes over from it does after its start.
constexpr Rule kNotTheMasters[] = {
    {"prctl", {is(0, kMasterMark)}, Answer::Mark},

    // Sockets: Unix, and TCP to listen on. AF_UNSPEC, and what lies between AF_UNIX, AF_INET and AF_INET6 and above.
    {"socket", {is(0, 0)}, Answer::Refuse},
    {"socket", {is(0, 3)}, Answer::Refuse},
    {"socket", {is(0, 4)}, Answer::Refuse},
    {"socket", {is(0, 5)}, Answer::Refuse},
    {"socket", {is(0, 6)}, Answer::Refuse},
    {"socket", {is(0, 7)}, Answer::Refuse},
    {"socket", {is(0, 8)}, Answer::Refuse},
    {"socket", {is(0, 9)}, Answer::Refuse},
    {"socket", {Where{Test::Above, 0, 0, AF_INET6}}, Answer::Refuse},

    // No datagrams but Unix ones, no raw packets. connect() is for Landlock to judge: the service manager is told over
    // a Unix socket. No sends are looked into, or children, who inherit this, would pay for it.
    {"socket", {is(0, AF_INET), has_type(SOCK_DGRAM)}, Answer::Refuse},
    {"socket", {is(0, AF_INET6), has_type(SOCK_DGRAM)}, Answer::Refuse},
    {"socket", {is(0, AF_INET), has_type(SOCK_RAW)}, Answer::Refuse},
    {"socket", {is(0, AF_INET6), has_type(SOCK_RAW)}, Answer::Refuse},

    // namespaces
    {"clone", {has(0, CLONE_NEWNS)}, Answer::Refuse},
    {"clone", {has(0, CLONE_NEWCGROUP)}, Answer::Refuse},
    {"clone", {has(0, CLONE_NEWUTS)}, Answer::Refuse},
    {"clone", {has(0, CLONE_NEWIPC)}, Answer::Refuse},
    {"clone", {has(0, CLONE_NEWUSER)}, Answer::Refuse},
    {"clone", {has(0, CLONE_NEWPID)}, Answer::Refuse},
    {"clone", {has(0, CLONE_NEWNET)}, Answer::Refuse},
    {"clone3", {}, Answer::Unknown},
    {"unshare", {}, Answer::Refuse},
    {"setns", {}, Answer::Refuse},

    // the machine
    {"mount", {}, Answer::Refuse},
    {"umount2", {}, Answer::Refuse},
    {"pivot_root", {}, Answer::Refuse},
    {"chroot", {}, Answer::Refuse},
    {"open_tree", {}, Answer::Refuse},
    {"move_mount", {}, Answer::Refuse},
    {"fsopen", {}, Answer::Refuse},
    {"fsmount", {}, Answer::Refuse},
    {"mount_setattr", {}, Answer::Refuse},
    {"init_module", {}, Answer::Refuse},
    {"finit_module", {}, Answer::Refuse},
    {"delete_module", {}, Answer::Refuse},
    {"kexec_load", {}, Answer::Refuse},
    {"kexec_file_load", {}, Answer::Refuse},
    {"reboot", {}, Answer::Refuse},
    {"swapon", {}, Answer::Refuse},
    {"swapoff", {}, Answer::Refuse},
    {"acct", {}, Answer::Refuse},
    {"quotactl", {}, Answer::Refuse},
    {"sethostname", {}, Answer::Refuse},
    {"setdomainname", {}, Answer::Refuse},
    {"settimeofday", {}, Answer::Refuse},
    {"clock_settime", {}, Answer::Refuse},
    {"clock_adjtime", {}, Answer::Refuse},
    {"adjtimex", {}, Answer::Refuse},
    {"iopl", {}, Answer::Refuse},
    {"ioperm", {}, Answer::Refuse},
    {"syslog", {}, Answer::Refuse},
    {"fanotify_init", {}, Answer::Refuse},
    {"open_by_handle_at", {}, Answer::Refuse},

    // what the kernel has been broken through
    {"bpf", {}, Answer::Refuse},
    {"userfaultfd", {}, Answer::Refuse},
    {"io_uring_setup", {}, Answer::Refuse},
    {"io_uring_enter", {}, Answer::Refuse},
    {"io_uring_register", {}, Answer::Refuse},
    {"perf_event_open", {}, Answer::Refuse},
    {"keyctl", {}, Answer::Refuse},
    {"add_key", {}, Answer::Refuse},
    {"request_key", {}, Answer::Refuse},
    {"modify_ldt", {}, Answer::Refuse},
    {"vmsplice", {}, Answer::Refuse},
    {"ioctl", {is(1, TIOCSTI)}, Answer::Refuse},
    {"ioctl", {is(1, TIOCLINUX)}, Answer::Refuse},
};

constexpr Rule kNobodyIsTraced[] = {
    {"ptrace", {}, Answer::Refuse},
    {"process_vm_readv", {}, Answer::Refuse},
    {"process_vm_writev", {}, Answer::Refuse},
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
  if (role == Role::Master) {
    Rules rules{Answer::Allow, {kNotTheMasters}, {}};
    if (!kSanitized) rules.parts.emplace_back(kNobodyIsTraced);
    return rules;
  }
  Rules rules{Answer::Refuse, {kAnyChild, kAttacks}, {}};
  if (role == Role::Ledger) rules.parts.emplace_back(kStore);
  if (role != Role::Ledger) rules.parts.emplace_back(kClients);
  if (role == Role::Exporter) rules.parts.emplace_back(kHttp);
  if (role != Role::Ledger) rules.made = shutdown_of_all_but(listener);
  rules.parts.emplace_back(kSanitized ? std::span<const Rule>(kSanitizers) : std::span<const Rule>(kTracing));
  return rules;
}

}  // namespace rookery::sandbox
