#include "master/ledger/opening_sign.h"

#include <chrono>

#include "ipc/chat/control_message.h"
#include "ipc/os/crash_dump.h"

namespace rookery::ledger {

namespace {
constexpr std::chrono::seconds kTellOpeningEvery{1};  // the master waits 60 s for the next word
}  // namespace

OpeningSign::OpeningSign(int control) : control_(control), thread_([this] { run(); }) {}

OpeningSign::~OpeningSign() {
  {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
  }
  done_.notify_one();
  thread_.join();
}

void OpeningSign::run() {
  const os::CrashStack stack;
  std::unique_lock lock(mutex_);
  // What a full pipe does not take, or a master that is gone, is not missed: there is always a next time.
  while (!done_.wait_for(lock, kTellOpeningEvery, [this] { return is_open_; }))
    static_cast<void>(chat::send_control(control_, {.kind = chat::ControlKind::Working}));
}

}  // namespace rookery::ledger
