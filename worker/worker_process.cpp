#include "worker/worker_process.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "ipc/auth/password_hash.h"
#include "ipc/chat/control_message.h"
#include "ipc/fault/fault_point.h"
#include "ipc/os/crash_dump.h"
#include "ipc/os/error_output.h"
#include "ipc/sandbox/sandbox.h"
#include "worker/loop/event_loop.h"

namespace rookery::worker {

namespace {

using chat::ControlKind;
using std::chrono::milliseconds;

constexpr int kExitInternal = 70;
// Of the time the master gives us to stop, the part we use: the rest is for the ledger and for the master itself.
constexpr double kPartOfDeadline = 0.6;

class Worker final {
 public:
  Worker(const WorkerStart& start, const WorkerSettings& settings, chat::SharedState& shared)
      : context_(start, settings, shared) {
    for (std::uint32_t loop = 0; loop < shared.loops; ++loop)
      loops_.push_back(std::make_unique<EventLoop>(context_, loop));
    context_.take_over();
    loops_not_ready_ = shared.loops;
    for (auto& loop : loops_)
      loop->on_ready = [this] {
        if (loops_not_ready_.fetch_sub(1) == 1) tell({ControlKind::Ready, context_.start.number});
      };
    loops_.front()->watch(start.control, [this] { hear_master(); });
  }

  // Loop 0 runs in this thread, and hears the master; the others have one each.
  int serve() {
    log::info("serving, loops={}", loops_.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < loops_.size(); ++i)
      threads.emplace_back([this, i] {
        const os::CrashStack stack;
        if (loops_[i]->run() == LoopEnd::Lapped) std::_Exit(kExitInternal);
      });
    const bool lapped = loops_.front()->run() == LoopEnd::Lapped;
    // The clients of other loops, and those of ours that can be, are carried on by a successor: nothing is closed here.
    if (lapped) std::_Exit(kExitInternal);
    for (std::thread& thread : threads) thread.join();
    context_.abandoned = true;
    context_.pool.reset();  // its last jobs post to mailboxes that are still there
    log::look_after(true);
    log::info("stopped");
    return 0;
  }

 private:
  void tell(const chat::ControlMessage& message) {
    static_cast<void>(chat::send_control(context_.start.control, message));
  }

  void stop_loops(milliseconds within) {
    const auto deadline = os::Monotonic::now() + within;
    for (auto& loop : loops_) loop->mailbox().post([&loop, deadline] { loop->stop(deadline); });
  }

  // Told when every loop has it.
  void change(const chat::RuntimeSettings& settings, std::uint64_t number) {
    log::change(settings.log_level, settings.log_format);
    auto left = std::make_shared<std::atomic<std::size_t>>(loops_.size());
    for (auto& loop : loops_)
      loop->mailbox().post([this, &loop, settings, number, left] {
        loop->change(settings);
        if (left->fetch_sub(1) == 1) tell({ControlKind::Settings, context_.start.number, number});
      });
  }

  // By the loop that has the fewest clients.
  void adopt(const chat::ControlMessage& message, os::FileDescriptor socket) {
    if (message.worker >= context_.shared.workers || message.worker == context_.start.number) return;
    if (message.from.loop >= context_.shared.worker_layout.loops()) return;
    EventLoop* emptiest = loops_.front().get();
    for (auto& loop : loops_)
      if (loop->connections() < emptiest->connections()) emptiest = loop.get();
    // A job must be copyable.
    auto arrival = std::make_shared<Arrival>(
        Arrival{message.number, message.worker, message.from, std::move(socket), message.text});
    emptiest->mailbox().post([emptiest, arrival] { emptiest->adopt(std::move(*arrival)); });
  }

  void hear_master() {
    for (;;) {
      chat::ReceivedControl received = chat::receive_control(context_.start.control);
      if (received.status == os::TransferStatus::WouldBlock) return;
      if (received.status != os::TransferStatus::Done) {
        log::warning("the master has died");
        std::_Exit(0);  // nobody is left to drain for; the kernel closes the clients
      }
      if (!received.message) continue;
      switch (received.message->kind) {
        case ControlKind::Stop:
          stop_loops(
              milliseconds{static_cast<std::int64_t>(static_cast<double>(received.message->number) * kPartOfDeadline)});
          break;
        case ControlKind::LedgerAway:
        case ControlKind::LedgerBack:
          context_.ledger_away = received.message->kind == ControlKind::LedgerAway;
          for (auto& loop : loops_) loop->mailbox().post([] {});  // each turn looks at it
          break;
        case ControlKind::Kick:
          for (auto& loop : loops_)
            loop->mailbox().post([this, &loop, client = received.message->number, reason = received.message->text] {
              if (loop->kick(client, reason)) tell({ControlKind::Kicked, context_.start.number, client});
            });
          break;
        case ControlKind::Adopt:
          adopt(*received.message, std::move(received.passenger));
          break;
        case ControlKind::HandOver:
          // As after a crash: sessions, sockets and regions are left as they are at this instant.
          log::look_after(true);
          log::info("hands its clients over");
          std::_Exit(0);
        case ControlKind::Settings:
          if (const auto settings = chat::decode_runtime_settings(received.message->text))
            change(*settings, received.message->number);
          else
            log::error("the master sent settings that make no sense");
          break;
        case ControlKind::LogReopen:
          if (received.passenger && os::replace_error_output(received.passenger.get()))
            tell({ControlKind::LogReopen, context_.start.number, received.message->number});
          else
            log::error("cannot write to the log that was opened anew: going on with the old one");
          break;
        case ControlKind::ShutOut:
          if (const auto network = chat::shut_out_network(*received.message)) {
            const auto until = os::Monotonic::now() + milliseconds{static_cast<std::int64_t>(received.message->number)};
            for (auto& loop : loops_)
              loop->mailbox().post([&loop, until, source = *network] { loop->shut_out(source, until); });
          }
          break;
        default:
          log::warning("the master sent a message that is not for a worker");
      }
    }
  }

  WorkerContext context_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::atomic<std::size_t> loops_not_ready_ = 0;
};

}  // namespace

int run_worker(const WorkerStart& start, const WorkerSettings& settings, chat::SharedState& state) {
  log::start("worker " + std::to_string(start.number), settings.runtime.log_level, settings.runtime.log_format);
  try {
    fault::point(fault::Point::WorkerAtStart);
    auth::init_password_hashing();
    // Before there are threads. From here on no file can be opened.
    if (settings.sandboxed)
      sandbox::enter(sandbox::Role::Worker, {.own = {}, .readable = {}, .listener = start.listener});
    Worker worker(start, settings, state);
    return worker.serve();
  } catch (const std::exception& error) {
    log::alert("cannot serve: {}", error.what());
    static_cast<void>(
        chat::send_control(start.control, {ControlKind::Failed, start.number, kExitInternal, error.what()}));
    return kExitInternal;
  }
}

}  // namespace rookery::worker
