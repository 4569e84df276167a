#include "client/load/compare/interrupt.h"

#include <array>
#include <atomic>

namespace rookery::load {
namespace {

constexpr std::array<int, 3> kSignals{SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> asked_to_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

void note(int /*signal*/) {
  asked_to_stop.store(true, std::memory_order_relaxed);
}

}  // namespace

InterruptWatch::InterruptWatch() {
  asked_to_stop.store(false, std::memory_order_relaxed);
  struct sigaction action {};
  action.sa_handler = note;  // without SA_RESTART: who waits in a system call is woken
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals.at(i), &action, &before_[i]);
}

InterruptWatch::~InterruptWatch() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals.at(i), &before_[i], nullptr);
  asked_to_stop.store(false, std::memory_order_relaxed);
}

bool interrupted() noexcept {
  return asked_to_stop.load(std::memory_order_relaxed);
}

void throw_if_interrupted() {
  if (interrupted()) throw Interrupted();
}

}  // namespace rookery::load
