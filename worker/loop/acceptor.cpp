#include "worker/loop/acceptor.h"

#include <fmt/format.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "ipc/os/socket_io.h"
#include "ipc/wire/dialect.h"

namespace rookery::worker {

namespace {

using std::chrono::milliseconds;

// Connections above the smallest count before a loop steps out of line. Of few clients one too many is much; of many a
// small part is little, and each step out of line costs two system calls.
constexpr std::uint64_t slack(std::uint64_t smallest_count) noexcept {
  constexpr std::uint64_t kMost = 32;
  return std::min(2 + smallest_count / 8, kMost);
}

constexpr milliseconds kFirstLook{2};     // a burst is shared out in such steps
constexpr milliseconds kLongestLook{64};  // a server at rest wakes no more often than this for the gate
constexpr milliseconds kStuckAfter{20};   // gated for so long while connections wait: the others do not take them
constexpr std::uint32_t kAllowance = 64;  // then it takes so many
constexpr std::int64_t kLiveHeartbeatMs = 1500;
constexpr milliseconds kPauseWithoutDescriptors{100};

}  // namespace

Acceptor::Acceptor(const WorkerContext& context, std::uint32_t loop, os::Poller& poller, SocketWatch& watch,
                   SessionTable& sessions, ClientIds& ids, Custody& custody, const BanList& bans)
    : context_(context),
      limits_(context.loop_settings[loop].limits),
      control_(context.own().control(loop)),
      poller_(poller),
      watch_(watch),
      sessions_(sessions),
      ids_(ids),
      custody_(custody),
      bans_(bans) {}

void Acceptor::line_up() {
  if (in_line_) return;
  in_line_ = poller_.add(context_.start.listener, EPOLLIN | EPOLLEXCLUSIVE, kToken);
  if (!in_line_) log::error("cannot wait for connections: {}", os::error_text(errno));
}

void Acceptor::step_out() {
  if (in_line_) poller_.remove(context_.start.listener);
  in_line_ = false;
}

void Acceptor::stop() {
  stopped_ = true;
  step_out();
}

std::uint64_t Acceptor::smallest_live_count() const noexcept {
  std::uint64_t smallest = sessions_.count();
  const std::int64_t now = os::monotonic_ms();
  for (std::uint32_t slot = 0; slot < context_.shared.slots(); ++slot) {
    const chat::LoopControl& loop =
        context_.worker(context_.shared.worker_of(slot)).control(context_.shared.loop_of(slot));
    if (now - loop.heartbeat_ms.load(std::memory_order_relaxed) > kLiveHeartbeatMs) continue;
    smallest = std::min(smallest, loop.connections.load(std::memory_order_relaxed));
  }
  return smallest;
}

// Of a listening socket tcpi_unacked is the number of connections that wait to be accepted.
bool Acceptor::queue_is_waiting() const noexcept {
  tcp_info info{};
  socklen_t bytes = sizeof info;
  return ::getsockopt(context_.start.listener, IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0 && info.tcpi_unacked > 0;
}

void Acceptor::turn(os::Monotonic::time_point now) {
  if (stopped_) return;
  if (!ids_.any() || now < paused_until_ || custody_.is_waiting()) {
    step_out();
    look_again_ = kFirstLook;
    return;
  }
  const std::uint64_t smallest = smallest_live_count();
  const bool has_its_share = sessions_.count() > smallest + slack(smallest);
  if (!has_its_share || allowance_ > 0) {
    if (!has_its_share) allowance_ = 0;
    gated_since_ = {};
    look_again_ = milliseconds{0};
    line_up();
    return;
  }
  step_out();
  if (gated_since_ == os::Monotonic::time_point{}) {
    gated_since_ = now;
    look_again_ = kFirstLook;
    return;
  }
  if (!queue_is_waiting()) {
    gated_since_ = now;  // somebody takes them
    look_again_ = std::min(look_again_ * 2, kLongestLook);
    return;
  }
  look_again_ = kFirstLook;
  if (now - gated_since_ >= kStuckAfter) allowance_ = kAllowance;
}

milliseconds Acceptor::patience() const noexcept {
  return look_again_;
}

void Acceptor::on_readable() {
  if (!in_line_) return;
  PeerAddress peer;
  socklen_t bytes = sizeof peer.storage;
  os::FileDescriptor socket(::accept4(context_.start.listener, reinterpret_cast<sockaddr*>(&peer.storage), &bytes,
                                      watch_.socket_flags() | SOCK_CLOEXEC));
  if (!socket) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      log::about_client(log::Topic::Limits, log::Level::Warning, {},
                        "cannot accept a connection: {}; trying again in {} ms", os::error_text(errno),
                        kPauseWithoutDescriptors.count());
      paused_until_ = os::Monotonic::now() + kPauseWithoutDescriptors;
    }
    return;  // EAGAIN: another loop was faster; ECONNABORTED and the like: the peer has gone
  }
  fault::point(fault::Point::WorkerAfterAccept);
  if (allowance_ > 0) --allowance_;
  const Source source = source_of(peer.address(), context_.settings.address_secret);
  const std::uint32_t allowed = clients_allowed(limits_, source);
  if (const chat::Ban* ban = bans_.find(peer.address()))
    turn_away(std::move(socket), peer, Refusal::Banned, wire::ErrorCode::Banned, words_of(*ban));
  else if (const auto left = shut_out_.waits(peer.address(), os::Monotonic::now()))
    turn_away(std::move(socket), peer, Refusal::ShutOut, wire::ErrorCode::RateLimited,
              fmt::format("your address is shut out for {} s: its requests crashed the server", left->count()));
  else if (context_.connections() >= context_.settings.max_clients)
    turn_away(std::move(socket), peer, Refusal::ServerFull, wire::ErrorCode::ServerFull,
              "there are as many clients as this server takes");
  else if (allowed > 0 && context_.connections_from(source) >= allowed)
    turn_away(std::move(socket), peer, Refusal::AddressFull, wire::ErrorCode::ServerFull,
              fmt::format("there are {} connections from your address, close one first", allowed));
  else
    welcome(std::move(socket), peer);
  step_out();  // back in line behind the others, in turn()
}

void Acceptor::turn_away(os::FileDescriptor socket, const PeerAddress& peer, Refusal reason, wire::ErrorCode code,
                         std::string why) {
  log::about_client(log::Topic::Limits, log::Level::Info, {0, peer.text()}, "turned away: {}", why);
  send_away(std::move(socket), reason, code, std::move(why));
}

void Acceptor::send_away(os::FileDescriptor socket, Refusal reason, wire::ErrorCode code, std::string why) {
  chat::count(control_.counters.refused[static_cast<std::size_t>(reason)]);
  std::string out;
  wire::dialect(wire::DialectId::Text).refused(out, {code, std::move(why), {}, {}});
  static_cast<void>(::send(socket.get(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  // Input left unread would make the close a reset, and the line might not be read.
  ::shutdown(socket.get(), SHUT_WR);
  std::array<char, 4096> unread;
  static_cast<void>(::recv(socket.get(), unread.data(), unread.size(), MSG_DONTWAIT));
}

void Acceptor::welcome(os::FileDescriptor socket, const PeerAddress& peer) {
  // TCP_NODELAY, keepalive and the user time-out come with the listener (master/supervisor/listener.cpp). So does
  // SO_OOBINLINE, except for connections that were in the queue before it was set there (socket activation). A takeover
  // needs it on every connection, hence one more system call here.
  os::set_urgent_inline(socket.get());
  Session* session = sessions_.open(std::move(socket), peer, ids_.take());
  if (session == nullptr) {
    log::about_client(log::Topic::Limits, log::Level::Warning, {0, peer.text()},
                      "no shared memory left for another client");
    return;
  }
  chat::count(control_.accepted);
  log::about_client(log::Topic::Connections, log::Level::Info, {session->client, peer.text()}, "connected");
  if (custody_.hold(*session)) begin(*session);
}

void Acceptor::begin(Session& session) {
  fault::point(fault::Point::WorkerAfterHold);
  const int error = watch_.begin(session);
  session.watched = error == 0;
  if (session.watched) return;
  log::about_client(log::Topic::Limits, log::Level::Warning, {session.client}, "cannot be served: {}",
                    os::error_text(error));
  send_away(std::move(session.socket), Refusal::NoMeans, wire::ErrorCode::ServerFull,
            "the server has no means for another client");
  custody_.drop(session.client, session.index);
  sessions_.close(session);
}

}  // namespace rookery::worker
