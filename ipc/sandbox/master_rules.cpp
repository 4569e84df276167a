// The master's rules: what is refused to it and to all programs that take over from it.
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ipc/sandbox/rules.h"
#include "ipc/sandbox/sanitized.h"

namespace rookery::sandbox {

namespace {

// Of a socket; beside it stand SOCK_CLOEXEC and SOCK_NONBLOCK.
constexpr Where has_type(std::uint64_t type) {
  constexpr std::uint64_t kTypes = 0xf;
  return {Test::Bits, 1, kTypes, type};
}

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

}  // namespace

Rules masters_rules() {
  Rules rules{Answer::Allow, {kNotTheMasters}, {}};
  if (!kSanitized) rules.parts.emplace_back(kNobodyIsTraced);
  return rules;
}

}  // namespace rookery::sandbox
