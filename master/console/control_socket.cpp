#include "master/console/control_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/errors.h"
#include "ipc/wire/limits.h"
#include "ipc/wire/line_framing.h"
#include "master/console/peer.h"
#include "master/supervisor/event_source.h"
#include "master/supervisor/start_error.h"

namespace rookery::master {

namespace {
constexpr std::size_t kMaxConnections = 32;
constexpr int kBacklog = 32;
constexpr std::chrono::seconds kIdle{10};
constexpr std::size_t kSocketReadBytes = 4096;
constexpr std::size_t kMaxUnread = 64 * 1024;
constexpr std::chrono::seconds kBetweenRefusalsTold{1};  // or whoever is refused fills the log
constexpr std::string_view kNotAllowed =
    "ERR not-allowed the control socket is for the data directory's owner, its group and root\n";

// Input nobody reads would turn our close into a reset, and the peer might not see the answer.
void pass_over_input(int socket) noexcept {
  std::array<char, kSocketReadBytes> piece;
  for (std::size_t passed = 0; passed < kMaxUnread; passed += piece.size())
    if (::recv(socket, piece.data(), piece.size(), 0) <= 0) return;
}

// Nobody is listening yet. Its owner may give a file to a group that he is in, root to anybody; where we may not, the
// socket stays ours, and the group's members are kept out. By a descriptor: whoever may write to the directory could
// have put a link to something else in the socket's place.
bool share(const std::string& path, int directory) {
  const os::FileDescriptor bound(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat socket {};
  struct stat wanted {};
  if (!bound || ::fstat(bound.get(), &socket) != 0 || ::fstat(directory, &wanted) != 0) return false;
  if (!S_ISSOCK(socket.st_mode)) {
    errno = ENOTSOCK;
    return false;
  }
  const auto give_to = [&](uid_t user) { return ::fchownat(bound.get(), "", user, wanted.st_gid, AT_EMPTY_PATH) == 0; };
  // Usually it is theirs already, and where a service manager allows no change of owners it is not asked for.
  const bool is_theirs = socket.st_uid == wanted.st_uid && socket.st_gid == wanted.st_gid;
  if (!is_theirs && !give_to(wanted.st_uid) && !give_to(static_cast<uid_t>(-1))) return true;
  const std::string itself = fmt::format("/proc/self/fd/{}", bound.get());
  return ::chmod(itself.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) == 0;
}
}  // namespace

os::FileDescriptor open_control_socket(const std::string& path, int directory) {
  os::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ROOKERY_INVARIANT(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  // The lock is ours, so a socket that is there belongs to nobody any more. The mode is set before there is a name.
  const bool done = socket && ::fchmod(socket.get(), S_IRUSR | S_IWUSR) == 0 &&
                    (::unlink(path.c_str()) == 0 || errno == ENOENT) &&
                    ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                    share(path, directory) && ::listen(socket.get(), kBacklog) == 0;
  if (!done) {
    throw StartError(EX_CONFIG,
                     fmt::format("cannot make the control socket in the data directory: {}", os::error_text(errno)));
  }
  return socket;
}

ControlSocket::ControlSocket(os::Poller& poller, int listener, int directory, RunLine run_line)
    : poller_(poller), listener_(listener), directory_(directory), run_line_(std::move(run_line)) {
  listen(true);
}

void ControlSocket::listen(bool on) {
  if (on == listening_) return;
  if (on)
    listening_ = poller_.add(listener_, EPOLLIN, token(EventSource::ControlSocket));
  else
    poller_.remove(listener_);
  listening_ = on && listening_;
}

void ControlSocket::on_listener_readable(TimePoint now) {
  if (connections_.size() >= kMaxConnections) return listen(false);  // the others wait until on_check()
  os::FileDescriptor socket(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) {
    const bool nobody_there = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    if (!nobody_there) listen(false);  // out of descriptors or memory
    return;
  }
  if (!is_allowed(socket.get(), now)) return;
  do ++last_number_;
  while (last_number_ == kStandardStreams || connections_.contains(last_number_));
  if (!poller_.add(socket.get(), EPOLLIN, token(EventSource::ControlConnection, last_number_))) return;
  connections_[last_number_] = {.socket = std::move(socket), .last_progress = now, .input = {}, .output = {}};
}

bool ControlSocket::is_allowed(int socket, TimePoint now) {
  const std::optional<Peer> peer = peer_of(socket);
  struct stat directory {};
  if (peer && ::fstat(directory_, &directory) == 0 && may_use(*peer, directory)) return true;
  // The answer fits into the socket's buffer, which is empty. What the peer may have sent is dropped with it.
  static_cast<void>(::send(socket, kNotAllowed.data(), kNotAllowed.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  pass_over_input(socket);
  ++refusals_untold_;
  if (now - refusal_told_ < kBetweenRefusalsTold) return false;
  refusal_told_ = now;
  const std::uint64_t more = std::exchange(refusals_untold_, 0) - 1;
  const std::string others = more == 0 ? std::string() : fmt::format(" (and {} others since the last such line)", more);
  if (peer)
    log::warning("the control socket is not for uid={} gid={} pid={}: refused{}", peer->user, peer->group, peer->pid,
                 others);
  else
    log::warning("the control socket is not for who cannot be told: refused{}", others);
  return false;
}

void ControlSocket::on_connection(Conversation number, std::uint32_t events, TimePoint now) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if (!connection.output.empty()) {
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) static_cast<void>(write(number, connection, now));
  } else if (connection.asked) {
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) close(number);  // left before the answer came
  } else {
    read(number, connection, now);
  }
}

void ControlSocket::read(Conversation number, Connection& connection, TimePoint now) {
  std::array<char, kSocketReadBytes> piece;
  const auto bytes = ::recv(connection.socket.get(), piece.data(), piece.size(), 0);
  if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (bytes < 0 || (bytes == 0 && connection.input.empty())) return close(number);
  connection.last_progress = now;
  connection.input.append(piece.data(), static_cast<std::size_t>(bytes));
  if (bytes == 0) connection.input += '\n';  // a line may lack its end

  bool discarding = false;
  const wire::Frame frame = wire::next_line(connection.input, discarding);
  if (frame.kind == wire::FrameKind::Incomplete) return;
  connection.asked = true;
  // Hang-ups are reported whether one asks for them or not.
  static_cast<void>(poller_.modify(connection.socket.get(), 0, token(EventSource::ControlConnection, number)));
  if (frame.kind == wire::FrameKind::TooLong)
    return reply(number, fmt::format("ERR line-too-long a command has at most {} bytes\n", wire::kMaxLineBytes), now);
  if (auto answer = run_line_(number, std::string(frame.line))) reply(number, std::move(*answer), now);
}

void ControlSocket::reply(Conversation number, std::string answer, TimePoint now) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  found->second.output = std::move(answer);
  found->second.last_progress = now;
  if (write(number, found->second, now))
    static_cast<void>(
        poller_.modify(found->second.socket.get(), EPOLLOUT, token(EventSource::ControlConnection, number)));
}

bool ControlSocket::write(Conversation number, Connection& connection, TimePoint now) {
  while (connection.sent < connection.output.size()) {
    const std::string_view rest = std::string_view(connection.output).substr(connection.sent);
    const auto bytes = ::send(connection.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0 && errno == EAGAIN) return true;
    if (bytes < 0) break;
    connection.sent += static_cast<std::size_t>(bytes);
    connection.last_progress = now;
  }
  pass_over_input(connection.socket.get());
  close(number);
  return false;
}

void ControlSocket::close(Conversation number) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  poller_.remove(found->second.socket.get());
  connections_.erase(found);
  listen(true);
}

void ControlSocket::on_check(TimePoint now) {
  std::vector<Conversation> idle;
  for (const auto& [number, connection] : connections_)
    // Who waits for us is not idle: an answer comes when the command is done, or its time is over.
    if (now - connection.last_progress > kIdle && !(connection.asked && connection.output.empty()))
      idle.push_back(number);
  for (const Conversation number : idle) close(number);
  if (connections_.size() < kMaxConnections) listen(true);
}

void ControlSocket::save(State& state, std::optional<Conversation> awaited, const AskAgain& ask_again) const {
  state.last_conversation = last_number_;
  for (const auto& [number, connection] : connections_) {
    ConversationState saved{.number = number,
                            .socket = connection.socket.get(),
                            .asked = connection.asked,
                            .input = connection.input,
                            .output = connection.output.substr(connection.sent)};
    if (saved.asked && saved.output.empty() && awaited != number) saved.output = ask_again(number);
    state.conversations.push_back(std::move(saved));
  }
}

void ControlSocket::take_over(const State& state, TimePoint now) {
  last_number_ = state.last_conversation;
  for (const ConversationState& saved : state.conversations) {
    Connection& connection = connections_[saved.number];
    connection = {.socket = os::FileDescriptor(saved.socket),
                  .last_progress = now,
                  .asked = saved.asked,
                  .input = saved.input,
                  .output = saved.output};
    const std::uint32_t events = !saved.output.empty() ? EPOLLOUT : saved.asked ? 0U : EPOLLIN;
    static_cast<void>(poller_.add(saved.socket, events, token(EventSource::ControlConnection, saved.number)));
  }
}

}  // namespace rookery::master
