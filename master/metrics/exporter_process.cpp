#include "master/metrics/exporter_process.h"

#include <csignal>
#include <exception>
#include <string>

#include "ipc/chat/control_message.h"
#include "ipc/chat/runtime_settings.h"
#include "ipc/os/clock.h"
#include "ipc/os/error_output.h"
#include "ipc/os/poller.h"
#include "ipc/os/process.h"
#include "ipc/sandbox/sandbox.h"
#include "master/metrics/exposition.h"
#include "master/metrics/health.h"
#include "master/metrics/http_server.h"
#include "master/metrics/metrics.h"
#include "master/metrics/sight.h"

namespace rookery::metrics {

namespace {

using chat::ControlKind;

constexpr int kExitInternal = 70;
constexpr std::uint64_t kControlToken = 1;
constexpr std::uint64_t kHttpToken = 2;

constexpr std::string_view kGreeting =
    "Rookery, a chat server. /metrics is for Prometheus; /healthz says 200 if a message posted now would be taken.\n";

class Exporter final {
 public:
  Exporter(const ExporterStart& start, const Sight& sight)
      : control_(start.control),
        sight_(sight),
        health_(sight_, [this] { tell({ControlKind::Probe}); }),
        http_(start.listener, [this](std::string_view path) { return answer(path); }) {
    if (!poller_.add(control_, EPOLLIN, kControlToken) || !poller_.add(http_.descriptor(), EPOLLIN, kHttpToken))
      throw std::runtime_error("cannot watch the metrics' socket");
  }

  void serve() {
    tell({ControlKind::Ready});
    while (!orphaned_) {
      for (const epoll_event& event : poller_.wait(http_.patience()))
        if (event.data.u64 == kControlToken) hear_master();
      http_.turn();
    }
  }

 private:
  std::optional<HttpAnswer> answer(std::string_view path) {
    if (path == "/metrics") return HttpAnswer{.body = all_metrics(sight_, health_), .content_type = kContentType};
    if (path == "/") return HttpAnswer{.body = std::string(kGreeting)};
    if (path != "/healthz") return HttpAnswer{.status = MHD_HTTP_NOT_FOUND, .body = "there is /metrics and /healthz\n"};
    const auto verdict = health_.look(os::monotonic_ms());
    if (!verdict) return std::nullopt;
    if (verdict->healthy()) return HttpAnswer{.body = "ok\n"};
    return HttpAnswer{.status = MHD_HTTP_SERVICE_UNAVAILABLE, .body = "not healthy: " + verdict->why + "\n"};
  }

  void tell(const chat::ControlMessage& message) {
    if (chat::send_control(control_, message) == os::TransferStatus::PeerGone) orphaned_ = true;
  }

  // Its end is ours.
  void hear_master() {
    for (;;) {
      const chat::ReceivedControl received = chat::receive_control(control_);
      if (received.status == os::TransferStatus::WouldBlock) return;
      if (received.status != os::TransferStatus::Done) {
        orphaned_ = true;
        return;
      }
      if (!received.message) continue;
      if (received.message->kind == ControlKind::Settings)
        if (const auto settings = chat::decode_runtime_settings(received.message->text))
          log::change(settings->log_level, settings->log_format);
      if (received.message->kind == ControlKind::LogReopen && received.passenger)
        if (!os::replace_error_output(received.passenger.get()))
          log::error("cannot write to the log that was opened anew");
    }
  }

  int control_;
  bool orphaned_ = false;
  os::Poller poller_;
  const Sight& sight_;
  Health health_;
  HttpServer http_;
};

}  // namespace

int run_exporter(const ExporterStart& start, const chat::SharedState& state) {
  log::start("exporter", start.log_level, start.log_format);
  std::signal(SIGPIPE, SIG_IGN);  // who asks may go before the answer
  try {
    const Sight sight(state, start.data_directory);
    os::close_all_but({start.control, start.listener, start.data_directory});  // the regions are mapped
    Exporter exporter(start, sight);
    if (start.sandboxed)
      sandbox::enter(sandbox::Role::Exporter, {.own = {}, .readable = {}, .listener = start.listener});
    exporter.serve();
    return 0;
  } catch (const std::exception& error) {
    log::error("cannot serve metrics: {}", error.what());
    return kExitInternal;
  }
}

}  // namespace rookery::metrics
