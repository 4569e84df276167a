// The fault points of the server that the tests run: they do what the board says.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string>

#include "ipc/fault/fault_point.h"
#include "tests/fault/points/fault_board.h"
#include "tests/fault/points/faulty_files.h"

namespace rookery::fault {

bool armed = false;

namespace {

Board* board = nullptr;

void* map_board(const char* file) {
  if (file == nullptr) return ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const int descriptor = ::open(file, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return MAP_FAILED;
  void* const memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  return memory;
}

// The default action, whatever handler there is for a dying process' last words comes first.
[[noreturn]] void die_of(int number) {
  for (;;) static_cast<void>(::raise(number));
}

void pause_for(std::uint64_t milliseconds) {
  timespec left{static_cast<time_t>(milliseconds / 1000), static_cast<long>(milliseconds % 1000) * 1'000'000};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

[[noreturn]] void spin() {
  for (std::atomic<std::uint64_t> turns{0};;) turns.fetch_add(1, std::memory_order_relaxed);
}

// Into the ledger's region, which everybody else has mapped for reading.
void scribble() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("memfd:rookery-ledger") != std::string::npos)
      *reinterpret_cast<volatile std::uint64_t*>(std::stoull(line, nullptr, 16)) = 0;
}

void try_once(std::uint64_t number) {
  if (number >= kAttempts) return;
  const int error = make_attempt(static_cast<Attempt>(number), {board->directory.data(), board->port});
  board->outcomes[number].store(error == 0 ? kSucceeded : error);
}

void act(Action action, std::uint64_t argument, Effect& effect) {
  switch (action) {
    case Action::None:
      return;
    case Action::Kill9:
      ::kill(::getpid(), SIGKILL);
      for (;;) ::pause();
    case Action::Segv:
      die_of(SIGSEGV);
    case Action::Bus:
      die_of(SIGBUS);
    case Action::Abort:
      std::abort();
    case Action::Stop:
      ::kill(::getpid(), SIGSTOP);
      return;
    case Action::Spin:
      spin();
    case Action::Exit:
      ::_exit(static_cast<int>(argument));
    case Action::Sleep:
      return pause_for(argument);
    case Action::Error:
      effect.error = static_cast<int>(argument);
      return;
    case Action::Scribble:
      return scribble();
    case Action::Ahead:
      effect.seconds = static_cast<std::int64_t>(argument);
      return;
    case Action::Back:
      effect.seconds = -static_cast<std::int64_t>(argument);
      return;
    case Action::Attempt:
      return try_once(argument);
    case Action::Attempts:
      for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(kFirstDeadly); ++i) try_once(i);
      return;
    case Action::Short:
      effect.short_bytes = argument;
      if (effect.error == 0) effect.error = ENOSPC;
      return;
  }
}

}  // namespace

std::optional<std::string> configure(const char* setting) {
  if (setting == nullptr) return std::nullopt;
  const bool from_file = setting[0] == '@';
  void* const memory = map_board(from_file ? setting + 1 : nullptr);
  if (memory == MAP_FAILED) return std::string("ROOKERY_FAULT: no board: ") + std::strerror(errno);
  board = from_file ? static_cast<Board*>(memory) : new (memory) Board{};
  if (!from_file)
    if (const auto why = set_rules(*board, setting)) return "ROOKERY_FAULT: " + *why;
  use_faulty_files();
  armed = true;
  return std::nullopt;
}

Effect hit(Point at) noexcept {
  Effect effect;
  board->passed[static_cast<std::size_t>(at)].fetch_add(1);
  for (Rule& rule : board->rules) {
    if (rule.live.load() == 0 || rule.point.load() != static_cast<std::uint32_t>(at)) continue;
    const std::uint64_t count = rule.hits.fetch_add(1) + 1;
    const std::uint64_t nth = rule.nth.load();
    if (count != nth && !(rule.and_after.load() != 0 && count > nth)) continue;
    rule.fired.fetch_add(1);
    act(static_cast<Action>(rule.action.load()), rule.argument.load(), effect);
  }
  return effect;
}

void hit_line(std::string_view line) noexcept {
  if (line.find(kPoison) != std::string_view::npos) static_cast<void>(hit(Point::WorkerPoisonLine));
}

}  // namespace rookery::fault

// The program's own comes before the library's, for std::chrono and the log too.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && clock == CLOCK_REALTIME)
    time->tv_sec += rookery::fault::effect_at(rookery::fault::Point::ClockRealtime).seconds;
  return result;
}
