// filtered: runs a program as the unit rookery.service confines its system calls, on machines without systemd.
//
//   filtered LIST PROGRAM ARGUMENT...
//
// LIST is a file with the names of the calls that SystemCallFilter= allows, a line each. Any other call kills the
// process (in the unit it only fails), so that a test sees what would be refused. RestrictAddressFamilies=,
// RestrictNamespaces= and MemoryDenyWriteExecute= are kept in the same way.
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace {

constexpr int kUsage = 64;
constexpr int kFailed = 70;
constexpr scmp_datum_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;

bool allow(scmp_filter_ctx filter, const std::string& name) {
  const int call = seccomp_syscall_resolve_name(name.c_str());
  if (call < 0) return true;  // of another machine
  if (name == "socket") {
    for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
      const scmp_arg_cmp is = SCMP_CMP64(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family), 0);
      if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &is) != 0) return false;
    }
    return true;
  }
  if (name == "mprotect") {
    const scmp_arg_cmp not_executable = SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &not_executable) == 0;
  }
  if (name == "unshare") {
    const scmp_arg_cmp no_namespace = SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, kNamespaces, 0);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &no_namespace) == 0;
  }
  if (name == "mmap") {  // writable or executable, or neither
    const scmp_arg_cmp not_executable = SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const scmp_arg_cmp not_writable = SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &not_executable) == 0 &&
           seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &not_writable) == 0;
  }
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
}

int fail(const char* what) {
  std::fprintf(stderr, "filtered: %s: %s\n", what, std::strerror(errno));
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: filtered LIST PROGRAM ARGUMENT...\n", stderr);
    return kUsage;
  }
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
  std::ifstream list(argv[1]);
  if (filter == nullptr || !list) return fail(argv[1]);
  for (std::string name; std::getline(list, name);)
    if (!name.empty() && !allow(filter, name)) return fail(name.c_str());
  for (const char* name : {"chown", "fchown", "lchown", "fchownat"})
    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name(name), 0) != 0) return fail(name);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (seccomp_load(filter) != 0) return fail("seccomp_load");
  seccomp_release(filter);
  ::execv(argv[2], argv + 2);
  return fail(argv[2]);
}
