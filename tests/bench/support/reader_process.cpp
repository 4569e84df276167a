#include "tests/bench/support/reader_process.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <new>
#include <stdexcept>
#include <thread>

#include "client/load/compare/process_figures.h"
#include "ipc/os/errors.h"
#include "tests/bench/support/contest.h"

namespace rookery::bench {

ReaderProcess::ReaderProcess(std::uint16_t port, std::size_t clients, const std::string& ping) {
  void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) os::throw_errno("no shared memory");
  shared_ = new (memory) Shared{};
  const pid_t parent = ::getpid();
  process_ = os::Process::spawn([&] {
    if (!os::tie_to_parent(parent)) return 1;
    os::close_all_but({});
    return read_for_ever(port, clients, ping);
  });
  while (!shared_->entered.load(std::memory_order_relaxed)) {
    if (!alive()) throw std::runtime_error("a process of readers has ended");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

ReaderProcess::~ReaderProcess() {
  process_.signal(SIGKILL);
  pollfd ended{process_.pidfd(), POLLIN, 0};
  ::poll(&ended, 1, -1);
  static_cast<void>(process_.try_wait());
  ::munmap(shared_, sizeof(Shared));
}

int ReaderProcess::read_for_ever(std::uint16_t port, std::size_t clients, const std::string& ping) const {
  Crowd crowd(port, clients, ping);
  shared_->entered.store(true, std::memory_order_relaxed);
  for (;;) {
    crowd.turn(std::chrono::seconds(1), [this](std::size_t, std::string_view bytes) {
      shared_->lines.fetch_add(count_lines(bytes), std::memory_order_relaxed);
    });
  }
}

std::uint64_t ReaderProcess::cpu_ns() const {
  return load::cpu_ns(process_.pid());
}

bool ReaderProcess::alive() const noexcept {
  pollfd ended{process_.pidfd(), POLLIN, 0};
  return ::poll(&ended, 1, 0) == 0;
}

}  // namespace rookery::bench
