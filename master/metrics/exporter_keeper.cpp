#include "master/metrics/exporter_keeper.h"

#include <unistd.h>

#include <csignal>
#include <exception>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "master/supervisor/event_source.h"

namespace rookery::master {

namespace {
constexpr std::chrono::seconds kEndsWithin{2};
constexpr int kMetricsMessagesInATurn = 16;  // one that talks without end must not keep the loop from the others
}  // namespace

ExporterKeeper::ExporterKeeper(os::Poller& poller, Launcher& launcher, MasterBook& book,
                               std::function<void()> probe_store)
    : poller_(poller), launcher_(launcher), book_(book), probe_store_(std::move(probe_store)) {}

void ExporterKeeper::keep() {
  if (!launcher_.has_exporter() || std::exchange(wanted_, true)) return;
  policy_ = RestartPolicy();
  has_died_ = false;
  due_ = os::Monotonic::now();
}

void ExporterKeeper::end() {
  if (!std::exchange(wanted_, false) || !is_up()) return;
  process_.signal(SIGKILL);  // it has nothing to bring to an end
  end_deadline_ = os::Monotonic::now() + kEndsWithin;
}

void ExporterKeeper::start(TimePoint now) {
  try {
    Launched launched = launcher_.launch_exporter();
    process_ = std::move(launched.process);
    control_ = std::move(launched.control);
  } catch (const std::exception& error) {
    log::warning("exporter could not be started: {}", error.what());
    return died(now, chat::EndCause::StartFailed);
  }
  ready_ = {};
  if (std::exchange(has_died_, false)) book_.restarted(chat::ProcessRole::Exporter, ended_by_);
  log::info("exporter pid={} started", process_.pid());
  control_watched_ = poller_.add(control_.descriptor(), EPOLLIN, token(EventSource::ExporterControl));
  if (control_watched_ && poller_.add(process_.pidfd(), EPOLLIN, token(EventSource::ExporterEnded))) return;
  log::warning("cannot watch the exporter, so it cannot stay: {}", os::error_text(errno));
  process_.signal(SIGKILL);  // on_due() looks whether it has ended
}

// One that cannot be told is ended: the next one has it from its start.
void ExporterKeeper::change(const std::optional<chat::RuntimeSettings>& settings, bool log) {
  if (!is_up()) return;
  chat::ControlMessage other_settings{.kind = chat::ControlKind::Settings};
  if (settings) other_settings.text = chat::encode(*settings);
  chat::ControlMessage other_log{.kind = chat::ControlKind::LogReopen};
  other_log.passenger = STDERR_FILENO;
  if ((settings && !control_.offer(other_settings)) || (log && !control_.offer(other_log))) process_.signal(SIGKILL);
}

void ExporterKeeper::on_control() {
  for (int i = 0; i < kMetricsMessagesInATurn && is_up() && control_watched_; ++i) {
    const chat::ReceivedControl received = control_.receive();
    if (received.status == os::TransferStatus::WouldBlock) return;
    if (received.status != os::TransferStatus::Done) {
      poller_.remove(control_.descriptor());
      control_watched_ = false;
      process_.signal(SIGKILL);  // usually it has ended already
      return;
    }
    if (!received.message || received.passenger) {
      log::alert("exporter pid={} sent the master a message it may not send, {}: killing it", process_.pid(),
                 received.message ? "with a descriptor" : received.fault);
      process_.signal(SIGKILL);
      return;
    }
    if (received.message->kind == chat::ControlKind::Ready) ready_ = os::Monotonic::now();
    if (received.message->kind == chat::ControlKind::Probe) probe_store_();
  }
}

void ExporterKeeper::on_ended() {
  if (!is_up()) return;
  const int pid = process_.pid();
  std::optional<os::ExitStatus> status;
  poller_.remove(process_.pidfd());
  try {
    status = process_.try_wait();
    if (!status) {
      static_cast<void>(poller_.add(process_.pidfd(), EPOLLIN, token(EventSource::ExporterEnded)));
      return;
    }
  } catch (const std::exception& error) {  // somebody else has reaped it
    log::warning("exporter pid={}: {}", pid, error.what());
  }
  if (control_watched_) poller_.remove(control_.descriptor());
  control_ = ControlChannel();
  control_watched_ = false;
  process_ = os::Process();
  if (!wanted_) {
    log::info("exporter pid={} ended", pid);
    return;
  }
  log::error("exporter pid={} ended: {}", pid, status ? status->describe() : "unknown");
  died(os::Monotonic::now(), !status || status->signalled ? chat::EndCause::Signal : chat::EndCause::Exit);
}

void ExporterKeeper::died(TimePoint now, chat::EndCause why) {
  has_died_ = true;
  ended_by_ = why;
  const auto lived = ready_ == TimePoint{} ? std::chrono::milliseconds{0}
                                           : std::chrono::duration_cast<std::chrono::milliseconds>(now - ready_);
  due_ = policy_.died(now, {.lived = lived}).due;
}

void ExporterKeeper::on_due(TimePoint now) {
  if (is_up() && (!wanted_ || !control_watched_)) on_ended();  // in case the poller could not be told to watch it
  if (wanted_ && !is_up() && due_ <= now) start(now);
}

TimePoint ExporterKeeper::next_due() const noexcept {
  if (wanted_) return is_up() ? TimePoint::max() : due_;
  return is_awaited(os::Monotonic::now()) ? end_deadline_ : TimePoint::max();
}

}  // namespace rookery::master
