#include "worker/loop/event_loop.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/crash_dump.h"
#include "ipc/os/errors.h"

namespace rookery::worker {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHeartbeat{500};  // the longest a loop sleeps
constexpr milliseconds kHousekeeping{250};
constexpr milliseconds kOutboxAgain{1};  // a full outbox is looked at again
constexpr milliseconds kDrainAgain{10};  // while stopping
constexpr milliseconds kLongSleep{2};    // longer than a loop under load ever sleeps

}  // namespace

EventLoop::EventLoop(WorkerContext& context, std::uint32_t loop)
    : context_(context),
      loop_(loop),
      control_(context.own().control(loop)),
      polled_(poller_),
      threads_(context.settings.model == Model::ThreadPerClient
                   ? std::make_unique<ClientThreads>(turn_lock_, poller_, static_cast<ClientTurns&>(*this))
                   : nullptr),
      watch_(threads_ ? static_cast<SocketWatch&>(*threads_) : polled_),
      bell_(control_.sleeping,
            context.shared.loop_doorbells[context.shared.slot(context.start.number, loop)].read_end.get()),
      own_bell_(control_.sleeping,
                context.shared.loop_doorbells[context.shared.slot(context.start.number, loop)].write_end.get()),
      mailbox_(control_.sleeping,
               context.shared.loop_doorbells[context.shared.slot(context.start.number, loop)].write_end.get()),
      buffers_(context, loop),
      sessions_(context, loop, buffers_),
      outbox_(context, loop, sessions_),
      ids_(outbox_),
      delivery_(watch_, sessions_, buffers_, control_, context.loop_settings[loop].limits.queued_bytes,
                threads_ ? std::span<std::atomic<std::uint64_t>>() : control_.rooms_heard),
      receipts_(context, sessions_, delivery_, outbox_),
      follower_(context, loop, sessions_, delivery_, outbox_, receipts_, ids_),
      history_(context, loop, sessions_, delivery_, outbox_),
      // One more than there are threads, so that none waits for this loop between two hashes.
      passwords_(context.settings.pool_threads + 1, context.settings.pool_threads * kQueuedPerPoolThread),
      bans_(context.ledger()),
      commands_{context,   context.loop_settings[loop],
                sessions_, delivery_,
                outbox_,   follower_,
                history_,  mailbox_,
                barrier_,  passwords_,
                bans_},
      input_(commands_, buffers_, control_.suspect),
      custody_(context, loop),
      successor_(commands_, receipts_, input_, buffers_, watch_, custody_, loop),
      acceptor_(context, loop, poller_, watch_, sessions_, ids_, custody_, bans_),
      client_watch_(commands_),
      now_(os::Monotonic::now()) {
  commands_.now = now_;  // the clients of a dead worker come before the first turn
  // Clients' threads go on with what they have while the loop sleeps: it is woken for everything.
  if (threads_)
    for (auto& word : control_.rooms_heard) word.store(~std::uint64_t{0}, std::memory_order_relaxed);
  control_.heartbeat_ms.store(os::monotonic_ms(), std::memory_order_release);
  ROOKERY_INVARIANT(poller_.add(bell_.descriptor(), EPOLLIN, kBellToken));
}

// Normally run() has ended them; an exception has not.
EventLoop::~EventLoop() {
  if (threads_) threads_->end_all();
}

void EventLoop::watch(int descriptor, std::function<void()> on_readable) {
  on_watched_ = std::move(on_readable);
  ROOKERY_INVARIANT(poller_.add(descriptor, EPOLLIN, kWatchToken));
}

LoopEnd EventLoop::run() {
  os::mark_if_this_thread_crashes(&control_.suspect.fatal);
  {
    const LoopTurn turn(threads_ ? &turn_lock_ : nullptr);
    successor_.take_over();
    look_at_accounts();
    look_at_bans();
  }
  ids_.ask_if_few();
  outbox_.ring();
  while (turn()) {
  }
  os::mark_if_this_thread_crashes(nullptr);
  if (threads_ != nullptr) threads_->end_all();
  sessions_.drop_items();  // they refer to parts of this loop that end before the sessions do
  return lapped_ ? LoopEnd::Lapped : LoopEnd::Stopped;
}

bool EventLoop::turn() {
  LoopTurn turn(threads_ ? &turn_lock_ : nullptr);
  wait(turn);
  control_.heartbeat_ms.store(std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count(),
                              std::memory_order_relaxed);
  commands_.ring_words_left = commands_.again_words_left = CommandContext::kRingWordsATurn;
  commands_.skip_words_left = CommandContext::kSkipWordsATurn;
  delivery_.next_turn();
  mailbox_.run_all();
  history_.turn(now_);
  resume_sessions();
  settle_receipts();
  resume_sessions();
  hash_passwords();
  outbox_.ring();

  read_log();
  delivery_.flush();
  adopt_arrivals();
  barrier_.turn(commands_);
  delivery_.flush();

  if (now_ >= next_housekeeping_) housekeeping();
  if (stopping_) close_idle_for_stop();
  bury_doomed();
  if (outbox_.full() && outbox_.retry()) {
    for (Job& job : outbox_.take_parked()) job();
    for (Session* session : outbox_.take_waiting())
      if (session->open()) delivery_.resume(*session);
  }
  outbox_.ring();
  custody_.turn(sessions_, [this](Session& session) { acceptor_.begin(session); });
  acceptor_.turn(now_);
  follower_.announce_position();
  if (!ready_ && ids_.any()) {
    ready_ = true;
    if (on_ready) on_ready();
  }
  if (ready_) fault::point(fault::Point::WorkerAfterReady);
  return !lapped_ && !(stopping_ && (drained() || now_ >= deadline_));
}

void EventLoop::wait(LoopTurn& turn) {
  milliseconds timeout = kHeartbeat;
  if (const milliseconds patience = acceptor_.patience(); patience.count() > 0) timeout = std::min(timeout, patience);
  if (const auto patience = passwords_.patience(now_)) timeout = std::min(timeout, *patience);
  if (outbox_.full() || custody_.is_waiting()) timeout = std::min(timeout, kOutboxAgain);
  if (stopping_) timeout = std::min(timeout, kDrainAgain);
  bell_.announce_sleep();
  if (has_work()) timeout = milliseconds{0};
  const auto asleep_since = timeout.count() > 0 ? os::Monotonic::now() : os::Monotonic::time_point::max();
  turn.give();
  const auto events = poller_.wait(timeout);
  turn.take();
  now_ = commands_.now = os::Monotonic::now();
  bell_.awake();
  look_at_accounts();
  look_at_bans();
  // What it was not woken for: who comes now must not come in before it.
  if (now_ - kLongSleep > asleep_since && follower_.committed_end() != follower_.position()) {
    do {
      read_log();
      delivery_.flush();
    } while (more_log_ && !lapped_);
  }
  for (const epoll_event& event : events) handle(event);
}

// Before their next command is.
void EventLoop::look_at_accounts() {
  const std::uint64_t changes = context_.users.changes();
  if (changes == account_changes_) return;
  account_changes_ = changes;
  close_ended_accounts(commands_);
}

void EventLoop::look_at_bans() {
  if (bans_.refresh()) close_banned(commands_);
}

bool EventLoop::has_work() const noexcept {
  return more_log_ || bans_.is_stale() || context_.users.changes() != account_changes_ || !arrivals_.empty() ||
         delivery_.has_resumable() || delivery_.has_resting() || follower_.committed_end() != follower_.position() ||
         follower_.durable_end() >= receipts_.awaiting() || context_.storing() != storing_ ||
         (storing_ != Storing::Works && !receipts_.empty()) || history_.has_mail();
}

void EventLoop::handle(const epoll_event& event) {
  switch (event.data.u64) {
    case Acceptor::kToken:
      acceptor_.on_readable();
      break;
    case kBellToken:
      bell_.drain();
      break;
    case kWatchToken:
      on_watched_();
      break;
    default:
      handle_session(event);
  }
}

void EventLoop::handle_session(const epoll_event& event) {
  const auto index = static_cast<std::uint32_t>(event.data.u64);
  Session& session = sessions_.at(index);
  if (!session.open() || session.token() != event.data.u64) return;  // meant for one that has gone
  if ((event.events & EPOLLERR) != 0) {
    delivery_.doom(session, "reset by its peer");
    return;
  }
  if ((event.events & EPOLLOUT) != 0) delivery_.on_writable(session);
  if (session.doomed) return;
  if ((event.events & EPOLLIN) != 0) {
    input_.on_readable(session);
    delivery_.offer(session);
  } else if ((event.events & EPOLLHUP) != 0) {
    delivery_.doom(session, "left");  // both directions are shut
  }
}

void EventLoop::resume_sessions() {
  for (Session* session : delivery_.take_resumable()) {
    session->resuming = false;
    if (!session->open() || watch_.resume(*session)) continue;
    input_.process(*session);
  }
}

void EventLoop::hash_passwords() {
  const auto refuse_all = [this](std::vector<PasswordRequest> requests, wire::ErrorCode code, const char* words) {
    for (const PasswordRequest& request : requests) {
      Session* session = sessions_.find(request.session, request.client);
      if (session == nullptr) continue;
      commands_.refuse(*session, {request.op, request.id}, code, words);
      commands_.finish_command(*session);
    }
  };
  refuse_all(passwords_.take_refused(), wire::ErrorCode::RateLimited, kTooManyOfSource);
  if (stopping_)
    return refuse_all(passwords_.take_waiting(), wire::ErrorCode::ShuttingDown, "the server is shutting down");
  passwords_.turn(
      now_,
      [this](const PasswordRequest& request) { return sessions_.find(request.session, request.client) != nullptr; },
      [this](Job&& job) { return context_.pool_of().try_post(std::move(job)); });
}

void EventLoop::read_log() {
  const DrainResult result = follower_.drain();
  more_log_ = result == DrainResult::More;
  if (result == DrainResult::Lapped) {
    log::alert("loop {} was overtaken by the log: it stood still too long. Its clients must connect again", loop_);
    lapped_ = true;
  }
}

void EventLoop::adopt(Arrival arrival) {
  arrivals_.push_back(std::move(arrival));
  arrivals_from_ = follower_.committed_end();
}

void EventLoop::adopt_arrivals() {
  if (arrivals_.empty() || lapped_ || follower_.position() < arrivals_from_) return;
  successor_.adopt(std::exchange(arrivals_, {}));
  account_changes_ = kLookAgain;  // theirs may have changed while nobody had them
  bans_.look_again();
  look_at_accounts();
  look_at_bans();
  delivery_.flush();
}

void EventLoop::settle_receipts() {
  const Storing storing = context_.storing();
  if (storing != storing_) storing_changed(storing);
  receipts_.settle(follower_.durable_end(), storing);
  if (storing != Storing::LedgerAway) return;
  // A ledger that comes back this moment publishes before it takes: so `taken` first. If all that is published now has
  // been read, what lies behind `taken` has no receipt.
  const shm::Position taken = outbox_.taken();
  if (follower_.position() == follower_.committed_end()) receipts_.give_up_untaken(taken);
}

void EventLoop::storing_changed(Storing storing) {
  const bool was_away = storing_ == Storing::LedgerAway;
  const bool is_away = storing == Storing::LedgerAway;
  storing_ = storing;
  // Who waits for room in the outbox is refused now, or finds room soon.
  for (Job& job : outbox_.take_parked()) job();
  for (Session* session : outbox_.take_waiting())
    if (session->open()) delivery_.resume(*session);
  if (was_away == is_away) return;
  history_.set_ledger_away(is_away);
  sessions_.for_each([&](Session& session) {
    if (!session.open() || session.dialect_id() == wire::DialectId::Undecided) return;
    commands_.reply(session, [is_away](const wire::Dialect& dialect, std::string& out) {
      dialect.notice(out, is_away ? "the server is in read-only mode: for now nothing can be sent, joined or registered"
                                  : "the server works again: messages can be sent");
    });
  });
}

void EventLoop::housekeeping() {
  next_housekeeping_ = now_ + kHousekeeping;
  delivery_.sweep(now_);
  receipts_.forget_late();
  if (!stopping_) client_watch_.turn(now_);
  if (threads_ != nullptr) threads_->reap();
  if (guests_unsettled_ && ready_) settle_guests();
  log::look_after();
  const std::size_t queued = loop_ == 0 ? context_.pool_of().queued() : 0;
  chat::set(control_.counters.pool_waiting, queued + passwords_.waiting());
}

void EventLoop::change(const chat::RuntimeSettings& settings) {
  context_.loop_settings[loop_] = settings;
  sessions_.limits_changed();
  delivery_.allow_own_output(settings.limits.queued_bytes);
  guests_unsettled_ = true;
  next_housekeeping_ = now_;
}

void EventLoop::settle_guests() {
  guests_unsettled_ = false;
  sessions_.for_each([this](Session& session) {
    if (session.open() && !follower_.follow_rule_for_guests(session)) guests_unsettled_ = true;
  });
}

void EventLoop::bury_doomed() {
  for (Session* session : delivery_.take_doomed())
    if (!session->watched || watch_.release(*session)) bury(*session);
}

void EventLoop::bury(Session& session) {
  log::about_client(log::Topic::Connections, log::Level::Info, {session.client}, "closed: {}",
                    delivery_.why_doomed(session));
  const std::uint64_t account = sessions_.login(session).account;
  const std::uint64_t client = session.client;
  follower_.leave_rooms(session);
  follower_.leave_lobby(session);
  delivery_.forget(session);
  delivery_.topics.forget_person(account, client);
  outbox_.forget(session);
  // The master has a duplicate: closing ours alone would tell the peer nothing.
  ::shutdown(session.socket.get(), SHUT_RDWR);
  const std::uint32_t index = session.index;
  sessions_.close(session);
  custody_.drop(client, index);
}

bool EventLoop::kick(std::uint64_t client, const std::string& reason) {
  Session* const session = sessions_.find(client);
  if (session == nullptr) return false;
  commands_.dismiss(*session, reason.empty() ? "you were disconnected by the operator"
                                             : "you were disconnected by the operator: " + reason);
  return true;
}

void EventLoop::shut_out(const chat::SourceAddress& network, os::Monotonic::time_point until) {
  acceptor_.shut_out(network, until);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(until - os::Monotonic::now()).count();
  sessions_.for_each([&](Session& session) {
    if (session.address().network() != network) return;
    if (session.dialect_id() != wire::DialectId::Undecided)
      commands_.reply(session, [&](const wire::Dialect& dialect, std::string& out) {
        dialect.notice(out, fmt::format("your address is shut out for {} s: its requests crashed the server", seconds));
      });
    delivery_.close_after_output(session, true);
  });
}

void EventLoop::stop(os::Monotonic::time_point deadline) {
  if (stopping_) return;
  stopping_ = true;
  deadline_ = deadline;
  acceptor_.stop();
  input_.stop();
  sessions_.for_each([&](Session& session) {
    if (session.dialect_id() == wire::DialectId::Undecided) return;
    commands_.reply(session, [](const wire::Dialect& dialect, std::string& out) {
      dialect.notice(out, "the server is shutting down");
    });
  });
}

// Those who have all their answers may go.
void EventLoop::close_idle_for_stop() {
  sessions_.for_each([&](Session& session) {
    if (session.in_flight == 0 && !session.busy && !session.lingering && !session.has(chat::kClosing))
      delivery_.close_after_output(session, true);
  });
}

bool EventLoop::drained() const noexcept {
  return sessions_.count() == 0 && receipts_.empty() && !outbox_.full();
}

}  // namespace rookery::worker
