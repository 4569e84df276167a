// Figures of children that do something known and tell what it cost them by their own account: getrusage() and the
// clock of the process must agree with what is read from outside.
#include "client/load/compare/process_figures.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <thread>

#include "ipc/os/pipe.h"
#include "ipc/os/process.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMillisecond = 1'000'000;  // in nanoseconds
constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Account {
  std::uint64_t cpu_ns = 0;
  std::uint64_t user_ns = 0;
  std::uint64_t voluntary = 0;
};

Account own_account() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ns = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 * kMillisecond +
           static_cast<std::uint64_t>(time.tv_usec) * 1000;
  };
  return {ns(usage.ru_utime) + ns(usage.ru_stime), ns(usage.ru_utime), static_cast<std::uint64_t>(usage.ru_nvcsw)};
}

// A child that goes through `phases`, each when it is told to; at the end of each it gives its account.
class Subject final {
 public:
  explicit Subject(const std::vector<std::function<void()>>& phases) {
    os::DuplexPipe pipe = os::make_duplex_pipe();
    const pid_t parent = ::getpid();
    child_ = os::Process::spawn([&] {
      if (!os::tie_to_parent(parent)) return 1;
      for (const auto& phase : phases) {
        wait_for(pipe.theirs.get());
        phase();
        const Account account = own_account();
        static_cast<void>(os::send_message(pipe.theirs.get(), std::as_bytes(std::span(&account, 1))));
      }
      for (;;) ::pause();
    });
    pipe_ = std::move(pipe.ours);
  }
  ~Subject() {
    child_.signal(SIGKILL);
    pollfd ended{child_.pidfd(), POLLIN, 0};
    ::poll(&ended, 1, -1);
    static_cast<void>(child_.try_wait());
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  [[nodiscard]] pid_t pid() const { return child_.pid(); }

  Account run_phase() {
    const std::byte go{};
    static_cast<void>(os::send_message(pipe_.get(), {&go, 1}));
    return wait_for(pipe_.get());
  }

 private:
  static Account wait_for(int descriptor) {
    pollfd waited{descriptor, POLLIN, 0};
    if (::poll(&waited, 1, 60'000) != 1) throw std::runtime_error("the other process does not answer");
    Account account;
    static_cast<void>(os::receive_message(descriptor, std::as_writable_bytes(std::span(&account, 1))));
    return account;
  }

  os::Process child_;
  os::FileDescriptor pipe_;
};

void burn(clockid_t clock, std::uint64_t nanoseconds, const std::function<void()>& work) {
  const auto now = [&] {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 * kMillisecond + static_cast<std::uint64_t>(time.tv_nsec);
  };
  for (const std::uint64_t end = now() + nanoseconds; now() < end;) work();
}

void compute() {
  for (volatile int i = 0; i < 100'000;) i = i + 1;
}

void work_in_kernel() {
  void* memory = ::mmap(nullptr, 4 * kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory != MAP_FAILED) ::munmap(memory, 4 * kMiB);
}

void* touched_memory(int flags) {
  void* memory =
      ::mmap(nullptr, 64 * kMiB, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_POPULATE | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory");
  return memory;
}

TEST(CostMeter, AgreesWithWhatAProcessSaysOfItself) {
  Subject subject({[] {}, [] { burn(CLOCK_PROCESS_CPUTIME_ID, 400 * kMillisecond, compute); }});
  const Account before = subject.run_phase();
  CostMeter meter({subject.pid()});
  meter.begin();
  const Account after = subject.run_phase();
  const Costs costs = meter.end();
  const std::uint64_t spent = after.cpu_ns - before.cpu_ns;
  EXPECT_GE(costs.cpu_ns, spent - 20 * kMillisecond);
  EXPECT_LE(costs.cpu_ns, spent + 20 * kMillisecond);
  EXPECT_EQ(costs.user_ns + costs.system_ns, costs.cpu_ns);
  EXPECT_GT(costs.user_ns, costs.system_ns * 2);
}

TEST(CostMeter, TellsKernelTimeFromUserTime) {
  Subject subject({[] { burn(CLOCK_PROCESS_CPUTIME_ID, 400 * kMillisecond, work_in_kernel); }});
  CostMeter meter({subject.pid()});
  meter.begin();
  subject.run_phase();
  const Costs costs = meter.end();
  EXPECT_GT(costs.system_ns, costs.cpu_ns / 4);  // a sanitizer adds to the time of the user; of computing it is little
}

TEST(CostMeter, CountsWaitsAsVoluntarySwitches) {
  constexpr int kSleeps = 200;
  const auto sleep_often = [] {
    for (int i = 0; i < kSleeps; ++i) std::this_thread::sleep_for(100us);
  };
  Subject subject({[] {}, sleep_often});
  const Account before = subject.run_phase();
  CostMeter meter({subject.pid()});
  meter.begin();
  const Account after = subject.run_phase();
  const Costs costs = meter.end();
  EXPECT_GE(costs.voluntary, static_cast<std::uint64_t>(kSleeps));
  EXPECT_LE(costs.voluntary, after.voluntary - before.voluntary + 5);  // it may not have slept yet when it began
}

TEST(CostMeter, SumsOverProcesses) {
  Subject busy({[] { burn(CLOCK_PROCESS_CPUTIME_ID, 200 * kMillisecond, compute); }});
  Subject other({[] { burn(CLOCK_PROCESS_CPUTIME_ID, 200 * kMillisecond, compute); }});
  CostMeter both({busy.pid(), other.pid()});
  both.begin();
  busy.run_phase();
  other.run_phase();
  EXPECT_GE(both.end().cpu_ns, 390 * kMillisecond);
}

TEST(CostMeter, KeepsTheTimeOfThreadsThatHaveEnded) {
  const auto burn_in_a_thread = [] {
    std::thread([] { burn(CLOCK_THREAD_CPUTIME_ID, 200 * kMillisecond, compute); }).join();
  };
  Subject subject({burn_in_a_thread});
  CostMeter meter({subject.pid()});
  meter.begin();
  subject.run_phase();
  EXPECT_GE(meter.end().cpu_ns, 190 * kMillisecond);
}

TEST(CostMeter, KeepsTheSwitchesOfThreadsThatItSaw) {
  constexpr int kSleeps = 100;
  std::array<int, 2> gate{};
  ASSERT_EQ(::pipe(gate.data()), 0);
  std::thread sleeper;
  const auto start_thread = [&] {
    std::array<int, 2> slept{};
    ASSERT_EQ(::pipe(slept.data()), 0);
    sleeper = std::thread([&, ready = slept[1]] {
      for (int i = 0; i < kSleeps; ++i) std::this_thread::sleep_for(100us);
      char byte = 0;
      ASSERT_EQ(::write(ready, &byte, 1), 1);
      ASSERT_EQ(::read(gate[0], &byte, 1), 1);
    });
    char byte = 0;
    ASSERT_EQ(::read(slept[0], &byte, 1), 1);
  };
  const auto end_thread = [&] {
    const char byte = 0;
    ASSERT_EQ(::write(gate[1], &byte, 1), 1);
    sleeper.join();
  };
  Subject subject({start_thread, end_thread});
  CostMeter meter({subject.pid()});
  meter.begin();
  subject.run_phase();
  meter.look();
  subject.run_phase();
  const Costs costs = meter.end();
  EXPECT_GE(costs.voluntary, static_cast<std::uint64_t>(kSleeps));
  EXPECT_LT(costs.voluntary, std::uint64_t{100'000});  // what has gone must not wrap around
  for (const int end : gate) ::close(end);
}

// To read the switches of many threads takes long; what is spent meanwhile belongs to the time that is measured.
TEST(CostMeter, BeginsWithTheClocks) {
  constexpr int kThreads = 400;
  const auto many_and_one_that_burns = [] {
    for (int i = 0; i < kThreads; ++i) std::thread([] { ::pause(); }).detach();
    std::thread([] { burn(CLOCK_MONOTONIC, 60'000 * kMillisecond, compute); }).detach();
  };
  Subject subject({many_and_one_that_burns});
  subject.run_phase();
  std::uint64_t spent_in_begin = 0;
  std::uint64_t seen_of_it = 0;
  for (int i = 0; i < 20; ++i) {
    CostMeter meter({subject.pid()});
    const std::uint64_t before = cpu_ns(subject.pid());
    meter.begin();
    spent_in_begin += cpu_ns(subject.pid()) - before;
    seen_of_it += meter.end().cpu_ns;
  }
  EXPECT_GT(seen_of_it, spent_in_begin / 2);
}

TEST(CostMeter, TellsOverWhichTimeItMeasured) {
  Subject subject({[] { burn(CLOCK_MONOTONIC, 100 * kMillisecond, compute); }});
  CostMeter meter({subject.pid()});
  const auto before = os::Monotonic::now();
  meter.begin();
  subject.run_phase();
  const Costs costs = meter.end();
  const double whole = std::chrono::duration<double>(os::Monotonic::now() - before).count();
  for (const double seconds : {costs.seconds, costs.switch_seconds}) {
    EXPECT_GE(seconds, 0.1);
    EXPECT_LE(seconds, whole);
  }
}

TEST(CostMeter, SaysThatAProcessHasEnded) {
  pid_t gone = 0;
  {
    const Subject subject({});
    gone = subject.pid();
  }
  CostMeter meter({gone});
  EXPECT_THROW(meter.begin(), std::runtime_error);
  EXPECT_THROW(static_cast<void>(pss_bytes(gone)), std::runtime_error);
}

TEST(Pss, GrowsByWhatIsTouched) {
  Subject subject({[] {}, [] { touched_memory(MAP_PRIVATE); }});
  subject.run_phase();
  const std::uint64_t before = pss_bytes(subject.pid());
  subject.run_phase();
  const std::uint64_t grown = pss_bytes(subject.pid()) - before;
  EXPECT_GE(grown, 63 * kMiB);
  EXPECT_LE(grown, 80 * kMiB);
}

TEST(Pss, SharedMemoryCountsOnceOverAllWhoShareIt) {
  void* shared = ::mmap(nullptr, 64 * kMiB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  const auto touch = [shared] { ::madvise(shared, 64 * kMiB, MADV_POPULATE_WRITE); };
  {
    Subject first({[] {}, touch});
    Subject second({[] {}, touch});
    const std::vector<pid_t> both{first.pid(), second.pid()};
    first.run_phase();
    second.run_phase();
    const std::uint64_t before = pss_bytes(both);
    first.run_phase();
    second.run_phase();
    const std::uint64_t grown = pss_bytes(both) - before;
    EXPECT_GE(grown, 63 * kMiB);
    EXPECT_LE(grown, 80 * kMiB);
  }
  ::munmap(shared, 64 * kMiB);
}

// A page of tables for each 2 MiB, whatever is in them.
TEST(PageTables, GrowByWhatIsTouched) {
  Subject subject({[] {}, [] { touched_memory(MAP_PRIVATE); }});
  subject.run_phase();
  const std::uint64_t before = page_tables_bytes(subject.pid());
  subject.run_phase();
  const std::uint64_t grown = page_tables_bytes(subject.pid()) - before;
  EXPECT_GE(grown, 31U * 4096);
  EXPECT_LE(grown, 64U * 4096);
  EXPECT_EQ(page_tables_bytes(std::vector<pid_t>{subject.pid(), subject.pid()}), 2 * page_tables_bytes(subject.pid()));
}

TEST(WithChildren, FindsThem) {
  const Subject first({});
  const Subject second({});
  const std::vector<pid_t> found = with_children(::getpid());
  EXPECT_EQ(found.size(), 3U);
  EXPECT_EQ(found.front(), ::getpid());
}

}  // namespace
}  // namespace rookery::load
