#include "master/supervisor/master.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "ipc/sandbox/sandbox.h"
#include "ipc/wire/data_directory.h"
#include "master/console/first_steps.h"
#include "master/console/printable.h"
#include "master/supervisor/descriptor_limit.h"
#include "master/supervisor/event_source.h"
#include "master/supervisor/heartbeat.h"
#include "master/supervisor/start_error.h"
#include "master/upgrade/inheritance.h"

namespace rookery::master {

namespace {

static_assert(static_cast<int>(LogLevel::Off) == static_cast<int>(log::Level::Off));

std::uint32_t decide_max_clients(const Options& options) {
  const std::uint64_t limit = raise_descriptor_limit();
  const std::uint64_t besides = descriptors_besides_clients(options.max_workers, options.loops);
  const std::uint32_t clients = clients_within(limit, besides, options.max_clients, kDefaultMaxClients);
  if (!options.max_clients && clients < kDefaultMaxClients)
    log::warning("at most {} clients: the limit of open files is {}", clients, limit);
  return clients;
}

chat::SharedState make_state(const Options& options, std::uint32_t max_clients) {
  try {
    return chat::SharedState(options.max_workers, options.loops, max_clients, options.workers);
  } catch (const std::system_error& error) {
    throw StartError(EX_SOFTWARE, fmt::format("{} (fewer --workers, --max-workers, --loops or --max-clients need less)",
                                              error.what()));
  }
}

os::FileDescriptor make_timer() {
  os::FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  constexpr long kNanosecondsInAMillisecond = 1'000'000;
  const timespec period{0, static_cast<long>(kHeartbeatCheck.count()) * kNanosecondsInAMillisecond};
  const itimerspec setting{period, period};
  if (!timer || ::timerfd_settime(timer.get(), 0, &setting, nullptr) != 0) os::throw_errno("cannot make a timer");
  return timer;
}

std::uint64_t random_secret() {
  std::uint64_t secret = 0;
  if (::getrandom(&secret, sizeof secret, 0) != sizeof secret) os::throw_errno("cannot get random bytes");
  return secret;
}

worker::WorkerSettings worker_settings(const Options& options, const Foundation& foundation) {
  return {.model = options.model == Model::Event ? worker::Model::Event : worker::Model::ThreadPerClient,
          .pool_threads = options.pool,
          .max_clients = foundation.max_clients,
          .sandboxed = options.sandbox != Sandbox::Off,
          .address_secret = foundation.address_secret,
          .runtime = runtime_settings(options)};
}

}  // namespace

Foundation::Foundation(const Options& options, std::optional<Listener> passed, LogFile& log_file)
    : log(log_file),
      max_clients(decide_max_clients(options)),
      address_secret(random_secret()),
      data(options.data),
      listener(passed ? *std::move(passed) : listen_on(options.host, options.port, options.backlog)),
      metrics_listener(metrics::listen_for_metrics(options.metrics)),
      state(make_state(options, max_clients)),
      control_socket(open_control_socket(data.short_path(wire::kControlSocketName), data.directory_descriptor())) {}

Foundation::Foundation(const Options& options, const State& left, LogFile& log_file)
    : log(log_file),
      max_clients(decide_max_clients(options)),
      address_secret(left.address_secret),
      data(options.data, os::FileDescriptor(left.data_directory), os::FileDescriptor(left.lock)),
      listener(inherited_listener(os::FileDescriptor(left.listener))),
      metrics_listener(
          metrics::inherited_metrics_listener(left.kept.metrics, os::FileDescriptor(left.metrics_listener))),
      state(take_shared(left)),
      control_socket(left.control_socket) {}

Master::Master(const Options& options, Options asked, Foundation& foundation, Origin origin)
    : foundation_(foundation),
      arguments_(origin.arguments.begin() + (origin.arguments.empty() ? 0 : 1), origin.arguments.end()),
      in_force_(std::move(asked)),
      kept_(kept_options(options, foundation.max_clients)),
      timer_(make_timer()),
      launcher_(foundation.state, {.lock = foundation.data.lock_descriptor(),
                                   .listener = foundation.listener.socket.get(),
                                   .metrics_listener = foundation.metrics_listener.socket.get(),
                                   .data_directory = foundation.data.directory_descriptor(),
                                   .data = foundation.data.path(),
                                   .worker_settings = worker_settings(options, foundation)}),
      supervisor_(poller_, foundation.state, launcher_, options.workers, options.shutdown_timeout,
                  {.start_takes_long = [this] { service_.starting(); },
                   .everybody_serves = [this] { on_everybody_serves(); },
                   .stop_begins = [this] { on_stop_begins(); },
                   .client_kicked = [this](std::uint64_t client) { console_.client_kicked(client); },
                   .answer = [this](Conversation who, std::string answer) { console_.reply(who, std::move(answer)); },
                   .take_over_failed = [this](const std::string& why) { upgrade_.on_take_over_failed(why); },
                   .ended_elsewhere = [this](int pid) { return on_ended_elsewhere(pid); }}),
      exporter_(poller_, launcher_, supervisor_.book(), [this] { supervisor_.probe_store(); }),
      workers_(options.workers),
      stop_timeout_(options.shutdown_timeout),
      console_(poller_, *this, foundation.control_socket.get(), foundation.data.directory_descriptor()),
      sandboxed_(options.sandbox != Sandbox::Off),
      upgrade_(poller_, *this, std::move(origin)) {
  if (!poller_.add(foundation_.signals.descriptor(), EPOLLIN, token(EventSource::Signals)) ||
      !poller_.add(timer_.get(), EPOLLIN, token(EventSource::Timer)))
    os::throw_errno("cannot watch signals and timer");
}

Outcome Master::run(const State* left) {
  if (sandboxed_) sandbox::enter(sandbox::Role::Master);  // the listener is bound, no child is forked
  if (left != nullptr) {
    take_over(*left);
  } else {
    fault::point(fault::Point::MasterAfterBind);
    supervisor_.begin_start();
  }
  while (!supervisor_.ended() || exporter_.is_awaited(os::Monotonic::now())) {
    for (const epoll_event& event : poller_.wait(time_until_due())) handle(event);
    supervisor_.on_due(os::Monotonic::now());
    console_.on_due(os::Monotonic::now());
    upgrade_.on_due(os::Monotonic::now());
    service_.on_due(os::Monotonic::now());
    supervisor_.keep_book();  // a new exporter finds what is true
    exporter_.on_due(os::Monotonic::now());
    if (supervisor_.ended()) exporter_.end();
    if (supervisor_.handed_over() && !exporter_.is_awaited(os::Monotonic::now())) upgrade_.on_handed_over();
  }
  if (!foundation_.metrics_listener.unix_path.empty()) ::unlink(foundation_.metrics_listener.unix_path.c_str());
  foundation_.data.remove(wire::kControlSocketName.data());
  return supervisor_.outcome();
}

void Master::take_over(const State& left) {
  if (const fault::Effect effect = fault::effect_at(fault::Point::UpgradeInTakeOver))
    throw StartError(EX_SOFTWARE, os::error_text(effect.error));
  is_announced_ = true;
  if (left.started_ns != 0) started_ = TimePoint(std::chrono::nanoseconds(left.started_ns));
  upgrade_.take_over(left);
  console_.take_over(left);
  supervisor_.take_over(left, upgrade_.has_way_back());
}

State Master::state_to_leave(std::optional<Conversation> awaited) const {
  State state;
  state.kept = kept_;
  state.data_directory = foundation_.data.directory_descriptor();
  state.lock = foundation_.data.lock_descriptor();
  state.listener = foundation_.listener.socket.get();
  state.control_socket = foundation_.control_socket.get();
  state.first_error_output = foundation_.log.first_error_output();
  state.metrics_listener = foundation_.metrics_listener.socket.get();
  state.address_secret = foundation_.address_secret;
  state.workers_asked = in_force_.workers;
  state.started_ns = started_.time_since_epoch().count();
  save(foundation_.state, state);
  supervisor_.save(state);
  console_.save(state, awaited);
  return state;
}

ServerStatus Master::status() const {
  ServerStatus status{.version = ROOKERY_VERSION, .pid = ::getpid()};
  status.uptime = std::chrono::duration_cast<std::chrono::seconds>(os::Monotonic::now() - started_);
  status.host = foundation_.listener.host;
  status.port = foundation_.listener.port;
  status.data = printable(foundation_.data.path().string());
  status.model = kept_.model == static_cast<std::uint8_t>(Model::Event) ? "event" : "thread-per-client";
  status.store_bytes = foundation_.data.store_bytes();
  status.free_bytes = foundation_.data.free_bytes();
  status.registration_open = in_force_.registration_open();
  status.guests_allowed = in_force_.guests_allowed();
  supervisor_.describe(status);
  return status;
}

void Master::handle(const epoll_event& event) {
  const std::uint32_t index = index_of(event.data.u64);
  switch (source_of(event.data.u64)) {
    case EventSource::Signals:
      return on_signal();
    case EventSource::Timer:
      return on_timer();
    case EventSource::ChildEnded:
      return supervisor_.on_child_ended(index);
    case EventSource::ChildControl:
      return supervisor_.on_child_control(index, event.events);
    case EventSource::StandardInput:
      return console_.on_standard_input();
    case EventSource::StandardOutput:
      return console_.on_standard_output();
    case EventSource::ControlSocket:
      return console_.on_control_socket();
    case EventSource::ControlConnection:
      return console_.on_connection(index, event.events);
    case EventSource::Rehearsal:
      return upgrade_.on_rehearsal_ended();
    case EventSource::ExporterEnded:
      return exporter_.on_ended();
    case EventSource::ExporterControl:
      return exporter_.on_control();
  }
}

void Master::on_signal() {
  while (const auto number = foundation_.signals.next()) {
    const std::string name = fmt::format("SIG{}", ::sigabbrev_np(*number));
    if (*number == SIGTERM || *number == SIGINT)
      supervisor_.stop(name);
    else if (*number == SIGTTIN || *number == SIGTTOU)
      supervisor_.scale_by(*number == SIGTTIN ? 1 : -1, name);
    else if (*number == SIGUSR2)
      static_cast<void>(upgrade_.ask(std::nullopt));  // the log says why not
    else if (*number == SIGHUP)
      static_cast<void>(reload(std::nullopt));
    else if (*number == SIGUSR1)
      static_cast<void>(reopen_log(std::nullopt));
    else
      log::info("{} has no meaning here: ignored", name);
  }
}

void Master::on_timer() {
  std::uint64_t missed = 0;
  static_cast<void>(::read(timer_.get(), &missed, sizeof missed));  // how many: the clock says it better
  const TimePoint now = os::Monotonic::now();
  supervisor_.on_check(now);
  console_.on_check(now);
  const WorkersUp workers = supervisor_.workers_up();
  service_.show(supervisor_.count_clients(), workers.serving, workers.wanted);
}

void Master::on_everybody_serves() {
  fault::point(fault::Point::MasterBeforeReady);
  const Listener& listener = foundation_.listener;
  log::info("serving on {} port {}", listener.host, listener.port);
  if (!is_loopback_host(listener.host))
    log::warning("passwords and messages cross the network unencrypted: see docs/security.md for what to do about it");
  if (foundation_.metrics_listener.socket) log::info("metrics at {}", foundation_.metrics_listener.where);
  exporter_.keep();
  if (!std::exchange(is_announced_, true)) {  // once: whoever waits for it does so at the start
    console_.print(fmt::format("READY host={} port={} pid={} workers={} loops={}\n", listener.host, listener.port,
                               ::getpid(), workers_, foundation_.state.loops));
    const char* search_path = std::getenv("PATH");
    for (const std::string& line :
         first_steps(listener.host, listener.port, upgrade_.program(), search_path == nullptr ? "" : search_path))
      log::info("{}", line);
  }
  if (!std::exchange(reads_input_, true)) console_.start_reading();  // not before: READY is the first line of output
  service_.ready();
  upgrade_.on_everybody_serves();
}

bool Master::on_ended_elsewhere(int pid) {
  if (exporter_.is_exporter(pid)) {
    exporter_.on_ended();
    return true;
  }
  if (!upgrade_.is_rehearsal(pid)) return false;
  upgrade_.on_rehearsal_ended();
  return true;
}

void Master::on_stop_begins() {
  foundation_.listener.socket.reset();
  service_.stopping(stop_timeout_);
  upgrade_.on_stop_begins();
}

std::chrono::milliseconds Master::time_until_due() const noexcept {
  const TimePoint due = std::min(
      {supervisor_.next_due(), console_.next_due(), upgrade_.next_due(), service_.next_due(), exporter_.next_due()});
  if (due == TimePoint::max()) return std::chrono::milliseconds{-1};
  const TimePoint now = os::Monotonic::now();
  if (due <= now) return std::chrono::milliseconds{0};
  return std::chrono::ceil<std::chrono::milliseconds>(due - now);
}

}  // namespace rookery::master
