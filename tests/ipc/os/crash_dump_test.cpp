// Real crashes of real processes: what they leave on standard error, and what they die of.
#include "ipc/os/crash_dump.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <regex>
#include <string>
#include <thread>

namespace rookery::os {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Death {
  int signal = 0;
  std::string said;
};

// Runs `body` in a child, `meanwhile` in this process once the child has written a line "ready" (it need not).
Death die(const std::function<void()>& body, const std::function<void(pid_t)>& meanwhile = {}) {
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    install_crash_dump("worker 7");
    body();
    ::_exit(0);
  }
  ::close(pipe[1]);
  Death death;
  std::array<char, 4096> bytes{};
  bool told = false;
  for (ssize_t count; (count = ::read(pipe[0], bytes.data(), bytes.size())) > 0;) {
    death.said.append(bytes.data(), static_cast<std::size_t>(count));
    if (meanwhile && !told && death.said.find("ready\n") != std::string::npos) {
      told = true;
      meanwhile(child);
    }
  }
  ::close(pipe[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  death.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return death;
}

bool says(const Death& death, const std::string& pattern) {
  return std::regex_search(death.said, std::regex(pattern));
}

const std::string kStamp = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z worker 7 pid=\d+ )";

__attribute__((noinline)) int fall_down(volatile int* stairs, int depth) {
  std::array<volatile int, 512> step{};
  step[0] = depth;
  if (*stairs == 1) return 0;
  return fall_down(stairs, depth + 1) + step[0];
}

TEST(CrashDump, TellsSignalAddressAndCalls) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have handlers of their own";
  const Death death = die([] {
    volatile int* nowhere = reinterpret_cast<volatile int*>(std::uintptr_t{0x1230});
    *nowhere = 1;
  });
  EXPECT_EQ(death.signal, SIGSEGV);
  EXPECT_TRUE(says(death, kStamp + R"(ALERT crashed: SIGSEGV at address 0x1230, thread \d+, in ipc_os_test\+0x)"))
      << death.said;
  EXPECT_TRUE(says(death, kStamp + R"(#0 ipc_os_test\+0x[0-9a-f]+\n)")) << death.said;
  EXPECT_TRUE(says(death, kStamp + R"(#3 )")) << death.said;
}

TEST(CrashDump, DiesOfTheSameSignal) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have handlers of their own";
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    const Death death = die([number] { ::raise(number); });
    EXPECT_EQ(death.signal, number);
    EXPECT_TRUE(says(death, "ALERT crashed: SIG")) << death.said;
  }
}

TEST(CrashDump, AStackThatHasRunOutHasWordsLeft) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have handlers of their own";
  const Death death = die([] {
    std::thread([] {
      const CrashStack stack;
      volatile int stairs = 0;
      static_cast<void>(fall_down(&stairs, 0));
    }).join();
  });
  EXPECT_EQ(death.signal, SIGSEGV);
  EXPECT_TRUE(says(death, "ALERT crashed: SIGSEGV at address")) << death.said;
  EXPECT_TRUE(says(death, "#40 ")) << death.said;
}

TEST(CrashDump, TheMarkIsOfTheThreadThatCrashed) {
  void* const memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* const marks = static_cast<std::atomic<std::uint64_t>*>(memory);
  static_cast<void>(die([marks] {
    mark_if_this_thread_crashes(&marks[0]);
    std::thread([marks] {
      const CrashStack stack;
      mark_if_this_thread_crashes(&marks[1]);
      ::raise(kSanitized ? SIGABRT : SIGSEGV);
    }).join();
  }));
  EXPECT_EQ(marks[0].load(), 0u);
  EXPECT_EQ(marks[1].load(), 1u);
  ::munmap(memory, 4096);
}

TEST(CrashDump, WhenASignalComesFromOutsideAllThreadsTellWhereTheyAre) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have handlers of their own";
  const Death death = die(
      [] {
        std::atomic<int> there{0};
        const auto wait = [&there] {
          const CrashStack stack;
          ++there;
          for (;;) ::pause();
        };
        std::thread(wait).detach();
        std::thread(wait).detach();
        while (there.load() < 2) std::this_thread::yield();
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, "ready\n", 6);
        for (std::atomic<int> turns{0};;) turns.fetch_add(1);
      },
      [](pid_t child) { ::kill(child, SIGABRT); });
  EXPECT_EQ(death.signal, SIGABRT);
  EXPECT_TRUE(says(death, "ALERT crashed: SIGABRT sent by pid " + std::to_string(::getpid()))) << death.said;
  std::size_t threads = 0;
  for (std::size_t at = 0; (at = death.said.find(" is at ", at)) != std::string::npos; ++at) ++threads;
  EXPECT_EQ(threads, 2u) << death.said;
}

}  // namespace
}  // namespace rookery::os
