// docs/labs/processes.cpp
//
// fork: what the child has a copy of, what the two share, and how the parent learns of its end. Its page: processes.md.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>

#include "docs/labs/children.h"
#include "docs/labs/lab.h"
#include "docs/labs/region.h"
#include "docs/labs/say.h"
#include "ipc/os/process.h"

namespace rookery::labs {

namespace {

int global = 1;

using SharedNumber = std::atomic<std::uint64_t>;

void a_global_is_copied() {
  say("1. A global: the child changes its copy");
  os::Process child = start_child([] {
    global += 41;
    say("  child: my global is {}", global);
    return 0;
  });
  static_cast<void>(wait_for_end(child));
  say("parent: my global is {}", global);
}

void shared_memory_is_not() {
  say("2. Shared memory: the child writes, the parent reads");
  Region<SharedNumber> region("lab-number");
  const SharedNumber& number = region.to_read();
  os::Process child = start_child([&region] {
    region.to_write().store(42);
    say("  child: the shared number is 42 now");
    return 0;
  });
  static_cast<void>(wait_for_end(child));
  say("parent: the shared number is {}", number.load());

  os::Process thief = start_child([&number] {
    std::signal(SIGSEGV, SIG_DFL);                // a sanitizer would report it instead
    const_cast<SharedNumber&>(number).store(43);  // the compiler gives in, the kernel does not
    return 0;
  });
  say("parent: who writes as a reader ends with {}", wait_for_end(thief).describe());
  say("parent: the shared number is {}", number.load());
}

void exit_codes() {
  say("3. How it ended");
  os::Process returns = start_child([] { return 7; });
  say("parent: one child returned 7: {}", wait_for_end(returns).describe());
  os::Process killed = start_child([] { return ::raise(SIGKILL); });
  say("parent: one was killed: {}", wait_for_end(killed).describe());
}

const char* yes_or_no(bool yes) {
  return yes ? "yes" : "no";
}

void pidfd(std::chrono::milliseconds patience) {
  say("4. A pidfd: the process as a descriptor");
  os::Process child = start_child([] { return ::pause(); });
  say("parent: has it ended within {} ms? {}", patience.count(), yes_or_no(readable_within(child.pidfd(), patience)));
  child.signal(SIGTERM);
  say("parent: and after SIGTERM? {}", yes_or_no(readable_within(child.pidfd(), kForEver)));
  say("parent: {}", wait_for_end(child).describe());
  say("parent: does a signal reach anybody now? {}", yes_or_no(child.signal(SIGTERM)));
}

}  // namespace

int processes(Options& options) {
  const auto patience = options.milliseconds("patience", 100, "how long to wait for a child that does not end");
  options.complete();

  a_global_is_copied();
  shared_memory_is_not();
  exit_codes();
  pidfd(patience);
  return 0;
}

}  // namespace rookery::labs
