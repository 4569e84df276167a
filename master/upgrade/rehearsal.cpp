#include "master/upgrade/rehearsal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <utility>
#include <vector>

#include "ipc/os/errors.h"
#include "ipc/os/pipe.h"
#include "ipc/os/process.h"
#include "ipc/os/program.h"
#include "master/supervisor/signals.h"
#include "master/upgrade/rehearse.h"
#include "master/upgrade/sealed_text.h"

namespace rookery::master {

namespace {

constexpr int kNotExecuted = 71;
constexpr int kKilledWithinMs = 1000;

std::vector<int> readers(const State& state) {
  std::vector<int> result{state.log_ring.reader, state.ledger_region.reader, state.user_table.reader,
                          state.master_region.reader};
  for (const SegmentDescriptors& region : state.worker_regions) result.push_back(region.reader);
  return result;
}

State without_people(const State& state) {
  State shown = state;
  shown.held.clear();
  shown.conversations.clear();
  shown.typed.clear();
  shown.printed.clear();
  return shown;
}

std::string read_all(int pipe) {
  std::string text(kMaxVerdictBytes, '\0');
  ssize_t bytes;
  do bytes = ::read(pipe, text.data(), text.size());
  while (bytes < 0 && errno == EINTR);
  text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  return text;
}

}  // namespace

Rehearsal::Rehearsal(int program, std::span<const std::string> arguments, const State& state, TimePoint now)
    : deadline_(now + kRehearsalWithin) {
  const os::FileDescriptor text = seal_text("rookery-rehearsal", encode(without_people(state)));
  os::Pipe pipe = os::make_pipe();
  const pid_t master = ::getpid();
  process_ = os::Process::spawn([&] {
    if (!os::tie_to_parent(master)) return kNotExecuted;
    restore_fault_signals();
    std::vector<int> keep = readers(state);
    keep.insert(keep.end(), {text.get(), pipe.write_end.get(), program});
    os::close_all_but(keep);
    // What it prints is not for the operator, who may be reading answers; what it complains of is for the log.
    if (!os::empty_standard_streams()) return kNotExecuted;
    for (const int descriptor : keep) os::keep_open_on_exec(descriptor, true);
    const int reason =
        os::execute(program, rehearsal_arguments(arguments, text.get(), pipe.write_end.get()), os::environment());
    RehearsalVerdict verdict;
    verdict.why = fmt::format("it cannot be executed: {}", os::error_text(reason));
    const std::string no = encode(verdict);
    static_cast<void>(::write(pipe.write_end.get(), no.data(), no.size()));
    return kNotExecuted;
  });
  says_ = std::move(pipe.read_end);
}

// The server is stopping: no zombie stays behind.
Rehearsal::~Rehearsal() {
  if (!process_) return;
  process_.signal(SIGKILL);
  pollfd end{process_.pidfd(), POLLIN, 0};
  ::poll(&end, 1, kKilledWithinMs);
  try {
    static_cast<void>(process_.try_wait());
  } catch (const std::exception&) {  // somebody else has reaped it
  }
}

void Rehearsal::on_deadline() noexcept {
  too_late_ = true;
  deadline_ = TimePoint::max();
  process_.signal(SIGKILL);
}

std::optional<RehearsalVerdict> Rehearsal::on_ended() {
  const auto status = process_.try_wait();
  if (!status) return std::nullopt;
  RehearsalVerdict verdict = read_verdict(read_all(says_.get()));
  if (verdict.yes && status->clean() && !too_late_) return verdict;
  std::string why = verdict.why;
  if (too_late_)
    why = fmt::format("it came to no end within {} s", kRehearsalWithin.count());
  else if (why.empty() || status->signalled)
    why = fmt::format("{}, {}", status->describe(), verdict.yes ? "after it had said yes" : "without a word");
  return RehearsalVerdict{.yes = false, .version = {}, .why = std::move(why), .notes = {}};
}

}  // namespace rookery::master
