#include "client/load/compare/returning_client.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstBackOff = 20ms;
constexpr auto kLongestBackOff = 1000ms;
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kJoinId = -1;

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ::ntohs(address.sin_port);
}

// Also where the member is of another kind: what a server answers may be anything.
template <typename Value>
Value member(const nlohmann::json& object, const char* name, Value otherwise) {
  try {
    return object.value(name, otherwise);
  } catch (const nlohmann::json::exception&) {
    return otherwise;
  }
}

}  // namespace

ReturningClient::ReturningClient(os::Poller& poller, std::uint64_t token, const sockaddr_in& server, std::string room)
    : poller_(poller), token_(token), server_(server), room_(std::move(room)) {}

void ReturningClient::connect(Time now) {
  again_at_ = Time::max();
  was_here_ = false;
  socket_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_) {
    complain("no socket: no descriptors left");
    return lost(now);
  }
  const int on = 1;
  static_cast<void>(::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  const int outcome = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&server_), sizeof server_);
  if (outcome != 0 && errno != EINPROGRESS && errno != EINTR) return lost(now);
  state_ = State::Connecting;
  waits_for_writing_ = true;
  if (!poller_.add(socket_.get(), EPOLLIN | EPOLLOUT, token_)) lost(now);
}

void ReturningClient::opened() {
  state_ = State::Open;
  local_port_ = port_of(socket_.get());
  joining_ = true;
  output_ = fmt::format("{{\"op\":\"join\",\"id\":{},\"room\":\"{}\"}}\n", kJoinId, room_);
  while (next_to_send_ < requests_.size()) send(next_to_send_++);
  write();
}

void ReturningClient::ask(Time due) {
  requests_.push_back({due, {}, requests_.size() % 2 == 1, false, 0, false});
  if (state_ != State::Open) return;
  send(next_to_send_++);
  write();
}

std::string ReturningClient::text_of(std::size_t request) const {
  return fmt::format("request {} of client {}", request, token_);
}

void ReturningClient::send(std::size_t request) {
  const std::string text = text_of(request);
  auto out = std::back_inserter(output_);
  if (requests_[request].is_say)
    fmt::format_to(out, "{{\"op\":\"say\",\"id\":{},\"room\":\"{}\",\"text\":\"{}\"}}\n", request, room_, text);
  else
    fmt::format_to(out, "{{\"op\":\"echo\",\"id\":{},\"text\":\"{}\"}}\n", request, text);
  under_way_.push_back(request);
}

// What is wrong with the connection shows when it is read.
void ReturningClient::write() {
  while (!output_.empty()) {
    const ssize_t count = ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) output_.clear();
    if (count < 0) break;
    output_.erase(0, static_cast<std::size_t>(count));
  }
  if (waits_for_writing_ == output_.empty()) {
    waits_for_writing_ = !output_.empty();
    static_cast<void>(poller_.modify(socket_.get(), waits_for_writing_ ? EPOLLIN | EPOLLOUT : EPOLLIN, token_));
  }
}

void ReturningClient::on_ready(std::uint32_t events, Time now) {
  if (state_ == State::Connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return lost(now);
    if ((events & (EPOLLOUT | EPOLLIN)) == 0) return;
    opened();
  } else if ((events & EPOLLOUT) != 0) {
    write();
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(now);
}

void ReturningClient::on_time(Time now) {
  if (state_ == State::Away && now >= again_at_) connect(now);
}

// Being turned away while nobody is there to accept is no new cut: the way back simply takes longer.
void ReturningClient::lost(Time now) {
  if (was_here_) cuts_.push_back(now);
  state_ = State::Away;
  joining_ = false;
  socket_.reset();
  input_.clear();
  output_.clear();
  under_way_.clear();
  again_at_ = now + back_off_;
  back_off_ = std::clamp<std::chrono::milliseconds>(back_off_ * 2, kFirstBackOff, kLongestBackOff);
}

void ReturningClient::receive(Time now) {
  std::array<char, kReadBytes> bytes;
  const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return lost(now);
  input_.append(bytes.data(), static_cast<std::size_t>(count));
  std::size_t start = 0;
  for (std::size_t end = 0; (end = input_.find('\n', start)) != std::string::npos; start = end + 1)
    take_line(std::string_view(input_).substr(start, end - start), now);
  input_.erase(0, start);
}

void ReturningClient::take_line(std::string_view line, Time now) {
  if (line.starts_with("{\"event\":")) return;  // what others say
  const nlohmann::json answer = nlohmann::json::parse(line, nullptr, false);
  if (!answer.is_object()) return complain(fmt::format("the server answered {}", line));
  const std::int64_t id = member(answer, "id", std::int64_t{-2});
  if (id == kJoinId && member(answer, "ok", false)) {
    joining_ = false;
    was_here_ = true;
    arrivals_.push_back(now);
    back_off_ = 0ms;
    return;
  }
  if (under_way_.empty() || id != static_cast<std::int64_t>(under_way_.front()))
    return complain(fmt::format("an answer that nobody waits for: {}", line));
  const std::size_t request = under_way_.front();
  under_way_.pop_front();
  take_answer(request, answer, line, now);
}

void ReturningClient::take_answer(std::size_t number, const nlohmann::json& answer, std::string_view line, Time now) {
  Request& request = requests_[number];
  request.answered = now;
  request.is_answered = true;
  request.is_refused = !member(answer, "ok", false);
  if (request.is_refused)
    complain(fmt::format("the server answered {}", line));
  else if (request.is_say)
    request.seq = member(answer, "seq", std::uint64_t{0});
  else if (member(answer, "text", std::string()) != text_of(number))
    complain(fmt::format("not what was sent: {}", line));
}

std::size_t ReturningClient::requests_open() const noexcept {
  return under_way_.size() + requests_.size() - next_to_send_;
}

void ReturningClient::complain(std::string words) {
  if (complaint_.empty()) complaint_ = std::move(words);
}

}  // namespace rookery::load
