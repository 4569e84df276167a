#include "ipc/os/crash_dump.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

#include <signal.h>
#include <unistd.h>

namespace rookery::os {

namespace {
thread_local std::atomic<std::uint64_t>* mark = nullptr;

// The one signal of the five that sanitizers leave alone.
void on_abort(int number, siginfo_t* info, void*) noexcept {
  const bool from_outside = info->si_code == SI_USER && info->si_pid != ::getpid();
  if (mark != nullptr && !from_outside) mark->store(1, std::memory_order_relaxed);
  static_cast<void>(::raise(number));  // once more, and now it is the end: SA_RESETHAND
}
}  // namespace

void install_crash_dump(std::string_view) {
  struct sigaction action {};
  action.sa_sigaction = on_abort;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESETHAND);
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGABRT, &action, nullptr);
}

CrashStack::CrashStack() noexcept : place_(0) {}
CrashStack::~CrashStack() = default;

void mark_if_this_thread_crashes(std::atomic<std::uint64_t>* word) noexcept {
  mark = word;
}

}  // namespace rookery::os

#else

#include <elf.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>

#include "ipc/os/error_output.h"

namespace rookery::os {

namespace {

constexpr std::size_t kStackBytes = std::size_t{64} * 1024;  // the unwinder takes some 10 KiB of it
constexpr int kMaxFrames = 64;
constexpr std::size_t kMaxModules = 48;
constexpr std::size_t kMaxThreads = 512;
constexpr std::array kFaults{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
// For all other threads together: the master's SIGKILL comes two seconds after its SIGABRT.
constexpr int kWaitForOthersMs = 1000;
constexpr int kWaitForOneMs = 200;

struct Module {
  std::uintptr_t base = 0;  // what addr2line wants subtracted
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::array<char, 48> name{};
};

// All set by install_crash_dump(), before there is a second thread.
std::array<Module, kMaxModules> modules;
std::size_t module_count = 0;
std::array<char, 32> process_name{};
std::array<char, 41> build_id{};  // of the program, in hexadecimal

std::array<std::atomic<pid_t>, kMaxThreads> threads;
std::atomic<pid_t> dying{0};           // the thread whose signal ends the process
std::atomic<pid_t> asked{0};           // a thread that is to tell where it is; itself stores 0 when it has
std::atomic<bool> only_errand{false};  // it is to write what another has to say, and nothing else
thread_local std::atomic<std::uint64_t>* mark = nullptr;

// A line of the log, made without allocating.
class Line final {
 public:
  Line() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    constexpr std::int64_t kSecondsADay = 86400;
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{now.tv_sec / kSecondsADay}}};
    const auto second = static_cast<std::uint64_t>(now.tv_sec % kSecondsADay);
    number(static_cast<std::uint64_t>(static_cast<int>(date.year())), 10, 4).text("-");
    number(static_cast<unsigned>(date.month()), 10, 2).text("-");
    number(static_cast<unsigned>(date.day()), 10, 2).text("T");
    number(second / 3600, 10, 2).text(":").number(second / 60 % 60, 10, 2).text(":").number(second % 60, 10, 2);
    text(".").number(static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000, 10, 3).text("Z ");
    text(process_name.data()).text(" pid=").number(static_cast<std::uint64_t>(::getpid())).text(" ");
  }

  Line& text(std::string_view text) noexcept {
    const std::size_t bytes = std::min(text.size(), bytes_.size() - 1 - size_);  // room for the line's end
    std::memcpy(bytes_.data() + size_, text.data(), bytes);
    size_ += bytes;
    return *this;
  }

  Line& number(std::uint64_t value, unsigned base = 10, std::size_t width = 1) noexcept {
    std::array<char, 20> digits{};
    std::size_t count = 0;
    for (; value > 0 || count < width; value /= base) digits[count++] = "0123456789abcdef"[value % base];
    std::reverse(digits.data(), digits.data() + count);
    return text({digits.data(), count});
  }

  Line& place(std::uintptr_t address) noexcept {
    for (const Module& module : std::span(modules.data(), module_count))
      if (address >= module.begin && address < module.end)
        return text(module.name.data()).text("+0x").number(address - module.base, 16);
    return text("0x").number(address, 16);
  }

  // As the log does it: what standard error does not take at once is lost.
  void write() noexcept {
    bytes_[size_++] = '\n';
    last_words({bytes_.data(), size_});
  }

 private:
  std::array<char, 512> bytes_;
  std::size_t size_ = 0;
};

std::uintptr_t instruction(const void* context) noexcept {
  const auto* const state = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(state->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(state->uc_mcontext.pc);
#else
  static_cast<void>(state);
  return 0;
#endif
}

// The calls of this thread, from the interrupted one on: before it are the handler's own.
void tell_calls(std::uintptr_t interrupted) noexcept {
  std::array<void*, kMaxFrames> frames{};
  const int count = ::backtrace(frames.data(), kMaxFrames);
  const auto address = [&](int i) { return reinterpret_cast<std::uintptr_t>(frames[static_cast<std::size_t>(i)]); };
  int first = 0;
  while (first < count && address(first) != interrupted) ++first;
  if (first == count) first = 0;  // not there (a wild jump): better too much than nothing
  for (int i = first; i < count; ++i)
    Line().text("#").number(static_cast<std::uint64_t>(i - first)).text(" ").place(address(i)).write();
}

[[noreturn]] void die_of(int number) noexcept {
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  ::sigaction(number, &plain, nullptr);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  for (;;) static_cast<void>(::raise(number));
}

void wait_a_millisecond() noexcept {
  const timespec pause{0, 1'000'000};
  ::nanosleep(&pause, nullptr);
}

void ask(pid_t other, int& left_ms) noexcept {
  asked.store(other);
  if (::syscall(SYS_tgkill, ::getpid(), other, SIGABRT) != 0) return;
  for (int waited = 0; asked.load() == other && waited < kWaitForOneMs && left_ms > 0; ++waited, --left_ms)
    wait_a_millisecond();
}

// The first thread comes last: it can be asked once, and may have to write what others have said.
void ask_the_others(pid_t self, int& left_ms) noexcept {
  const pid_t first = ::getpid();
  for (const auto& thread : threads) {
    const pid_t other = thread.load(std::memory_order_relaxed);
    if (other == 0 || other == self || other == first) continue;
    ask(other, left_ms);
    if (has_error_output()) run_errand();
  }
  if (first != self) ask(first, left_ms);
  asked.store(0);
}

// What threads without standard error have said goes out by this one, or else by the first, which has it always.
void deliver_errand(int& left_ms) noexcept {
  if (!has_errand()) return;
  if (has_error_output()) return run_errand();
  only_errand.store(true);
  ask(::getpid(), left_ms);
}

void on_fault(int number, siginfo_t* info, void* context) noexcept {
  const auto self = static_cast<pid_t>(::syscall(SYS_gettid));
  const std::uintptr_t interrupted = instruction(context);
  pid_t first = 0;
  if (!dying.compare_exchange_strong(first, self)) {
    if (first == self) die_of(number);  // crashed while telling of its crash
    if (asked.load() == self) {
      if (!only_errand.load()) {
        Line().text("thread ").number(static_cast<std::uint64_t>(self)).text(" is at ").place(interrupted).write();
        tell_calls(interrupted);
      }
      if (has_error_output()) run_errand();
      asked.store(0);
    }
    for (;;) ::pause();  // the process ends in a moment
  }
  const bool from_outside = info->si_code == SI_USER && info->si_pid != ::getpid();
  if (mark != nullptr && !from_outside) mark->store(1, std::memory_order_relaxed);

  Line line;
  line.text("ALERT crashed: SIG").text(::sigabbrev_np(number));
  if (from_outside) {
    line.text(" sent by pid ").number(static_cast<std::uint64_t>(info->si_pid));
  } else if (info->si_code > 0) {  // the kernel's own: a fault
    line.text(" at address 0x").number(reinterpret_cast<std::uintptr_t>(info->si_addr), 16);
  }
  line.text(", thread ").number(static_cast<std::uint64_t>(self)).text(", in ").place(interrupted);
  if (build_id[0] != '\0') line.text(", build ").text(build_id.data());
  line.write();
  tell_calls(interrupted);
  int left_ms = kWaitForOthersMs;
  if (from_outside) ask_the_others(self, left_ms);
  deliver_errand(left_ms);
  die_of(number);
}

void copy_name(std::span<char> to, std::string_view name) noexcept {
  const std::size_t bytes = std::min(name.size(), to.size() - 1);
  std::memcpy(to.data(), name.data(), bytes);
  to[bytes] = '\0';
}

void note_build_id(const char* note, std::size_t bytes) noexcept {
  const auto padded = [](std::size_t size) { return (size + 3) & ~std::size_t{3}; };
  while (bytes >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) head;
    std::memcpy(&head, note, sizeof head);
    const std::size_t whole = sizeof head + padded(head.n_namesz) + padded(head.n_descsz);
    if (whole > bytes) return;
    if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4) {
      const char* id = note + sizeof head + padded(head.n_namesz);
      for (std::size_t i = 0; i < std::min<std::size_t>(head.n_descsz, 20); ++i) {
        const auto byte = static_cast<unsigned char>(id[i]);
        build_id[2 * i] = "0123456789abcdef"[byte >> 4];
        build_id[2 * i + 1] = "0123456789abcdef"[byte & 15];
      }
      return;
    }
    note += whole;
    bytes -= whole;
  }
}

int note_module(dl_phdr_info* info, std::size_t, void*) noexcept {
  if (module_count == kMaxModules) return 1;
  Module& module = modules[module_count];
  module = {};
  module.base = info->dlpi_addr;
  module.begin = ~std::uintptr_t{0};
  for (const ElfW(Phdr) & header : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
    const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD) {
      module.begin = std::min(module.begin, begin);
      module.end = std::max(module.end, begin + header.p_memsz);
    }
    if (header.p_type == PT_NOTE && module_count == 0)  // the program itself comes first
      note_build_id(reinterpret_cast<const char*>(begin), header.p_memsz);
  }
  const std::string_view path = info->dlpi_name;
  copy_name(module.name, path.empty() ? program_invocation_short_name : path.substr(path.rfind('/') + 1));
  ++module_count;
  return 0;
}

}  // namespace

CrashStack::CrashStack() noexcept : place_(kMaxThreads) {
  void* const memory =
      ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory != MAP_FAILED) {
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = kStackBytes;
    if (::sigaltstack(&stack, nullptr) == 0)
      memory_ = memory;
    else
      ::munmap(memory, kStackBytes);
  }
  const auto self = static_cast<pid_t>(::syscall(SYS_gettid));
  for (std::size_t i = 0; i < kMaxThreads; ++i) {
    pid_t nobody = 0;
    if (!threads[i].compare_exchange_strong(nobody, self)) continue;
    place_ = i;
    break;
  }
}

CrashStack::~CrashStack() {
  if (place_ < kMaxThreads) threads[place_].store(0);
  if (memory_ == nullptr) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
  ::munmap(memory_, kStackBytes);
}

void mark_if_this_thread_crashes(std::atomic<std::uint64_t>* word) noexcept {
  mark = word;
}

void install_crash_dump(std::string_view name) {
  copy_name(process_name, name);
  module_count = 0;
  ::dl_iterate_phdr(note_module, nullptr);
  std::array<void*, 4> warm{};
  ::backtrace(warm.data(), static_cast<int>(warm.size()));  // the first call loads a library: not for a handler
  static const CrashStack stack_of_the_first_thread;

  struct sigaction action {};
  action.sa_sigaction = [](int number, siginfo_t* info, void* context) { on_fault(number, info, context); };
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  for (const int number : kFaults) ::sigaction(number, &action, nullptr);
}

}  // namespace rookery::os

#endif
