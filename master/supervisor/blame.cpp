// master/supervisor/blame.cpp: a worker has crashed: at whose line, and who is shut out for it.
#include <csignal>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

// A crash, or a hang that was ended: whose line was it at? A signal from elsewhere is nobody's fault.
void Supervisor::hold_to_account(const Child& child, const std::optional<os::ExitStatus>& status, TimePoint now) {
  if (child.is_ledger() || !status || !status->signalled) return;
  const bool crashed = status->value == SIGSEGV || status->value == SIGBUS || status->value == SIGFPE ||
                       status->value == SIGILL || status->value == SIGABRT;
  const bool refused = status->value == SIGSYS;  // made a call that only an attacker makes
  if ((!crashed && !refused && !child.aborted) || child.was_stopped) return;
  const auto death = child.aborted ? Regions::Death::Hung
                     : refused     ? Regions::Death::Unmarked
                                   : Regions::Death::Crashed;
  const auto suspects =
      regions_.suspects(child.worker(), child.slot_epoch, death, child.started_ms(), os::monotonic_ms());
  for (const auto& [source, client] : suspects) {
    log::warning("{} ended while it was at a line from {}, client {}", child.name(), source.text(), client);
    if (held_.accuse(child.worker(), client, now)) {
      // The same line again, at the successor: one deed, which its neighbours need not suffer for.
      log::warning("client {} is not carried on: workers died twice at its line", client);
      continue;
    }
    if (!penalties_.accuse(source, now)) continue;
    held_.doubt(child.worker(), client);  // or the successor would be at its line before it hears who is shut out
    const PenaltyBox::Penalty penalty{source.network(), now + kShutOutFor};
    log::alert("{} is shut out for {} s: workers crash at its lines", source.network_text(), kShutOutFor.count());
    for (Child& other : children_)
      if (!other.is_ledger() && other.is_up() && other.index != child.index) tell_shut_out(other, penalty, now);
  }
}

void Supervisor::tell_shut_out(Child& child, const PenaltyBox::Penalty& penalty, TimePoint now) {
  // One that does not take it has more than a hundred messages waiting: it hangs, and its successor is told.
  static_cast<void>(try_send(
      child,
      chat::shut_out_message(penalty.network, std::chrono::ceil<std::chrono::milliseconds>(penalty.until - now))));
}

}  // namespace rookery::master
