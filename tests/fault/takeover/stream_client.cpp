#include "tests/fault/takeover/stream_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

namespace rookery::system_test {
namespace {

constexpr int kSmallReceiveBuffer = 4096;
constexpr std::size_t kSlowPiece = 600;

int connect_to(std::uint16_t port, const Manners& manners) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (manners.slow) ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kSmallReceiveBuffer, sizeof kSmallReceiveBuffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  bool well = descriptor >= 0;
  if (well && !manners.address.empty()) {
    address.sin_addr.s_addr = ::inet_addr(manners.address.c_str());
    well = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  address.sin_addr.s_addr = manners.host.empty() ? ::htonl(INADDR_LOOPBACK) : ::inet_addr(manners.host.c_str());
  address.sin_port = ::htons(port);
  if (well && ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
  }
  const std::error_code error(errno, std::generic_category());
  if (descriptor >= 0) ::close(descriptor);
  throw std::system_error(error, "cannot connect");
}

// A notice that says to connect again and to resume.
bool is_hint(std::string_view line) {
  return (line.starts_with("[!] ") || line.starts_with(R"({"event":"notice")")) &&
         line.find("connect again") != std::string_view::npos;
}

bool is_departure(std::string_view line) {
  return line.starts_with(R"({"event":"left",)") ||
         (line.find("] - ") != std::string_view::npos && line.ends_with(" left"));
}

}  // namespace

StreamClient::StreamClient(std::uint16_t port, Who who, Manners manners, Common& common, std::uint64_t seed)
    : common_(common),
      script_(std::move(who), common, seed),
      manners_(std::move(manners)),
      listener_(common.book, !script_.who().account.empty()),
      random_(seed ^ 0x5eed),
      descriptor_(connect_to(port, manners_)) {
  listener_.listen(kEverybody);
  const Who& me = script_.who();
  for (const Place room : me.rooms) listener_.listen(room);
  if (me.account.empty()) return;
  listener_.listen(common.book.place("@" + me.account));
  listener_.listen(common.book.place("#own-" + std::to_string(me.number)));
}

StreamClient::~StreamClient() {
  close();
}

void StreamClient::close() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::string StreamClient::name() const {
  const Who& me = script_.who();
  return (me.account.empty() ? "visitor" : me.account) + (me.tongue == Tongue::Json ? "/json" : "/text") +
         (manners_.slow ? "/slow" : "");
}

std::string StreamClient::state() const {
  std::string words = name() + ": " + std::to_string(said_.expected.size()) + " answers due, " +
                      std::to_string(said_.bytes.size()) + " bytes to send, " + std::to_string(sent_) + " sent, " +
                      std::to_string(bytes_) + " received in " + std::to_string(lines_) + " lines";
  if (!said_.expected.empty()) {
    const Answer& next = said_.expected.front();
    if (next.taken < next.size()) words += ", the next: " + next.line(next.taken).substr(0, 120);
  }
  if (!pending_.empty()) words += ", half a line: " + pending_.substr(0, 120);
  return words;
}

Clock::duration StreamClient::waits_since() const {
  return said_.expected.empty() && !says_no_more_ ? Clock::duration{} : Clock::now() - waits_since_;
}

void StreamClient::leave() {
  if (!manners_.half_closes) script_.leave(said_);
  says_no_more_ = true;
}

void StreamClient::say() {
  if (!talks_ || says_no_more_) return;
  while (said_.expected.size() < manners_.under_way) {
    if (manners_.lines > 0 && said_.lines >= manners_.lines) return leave();
    script_.say_something(said_);
    if (below(8) == 0) return;  // else there would be no pieces with few lines
  }
}

short StreamClient::wants() {
  if (!open()) return 0;
  const bool was_idle = said_.expected.empty();
  say();
  const auto now = Clock::now();
  if (was_idle) waits_since_ = now;
  short events = 0;
  const bool has_to_send = !said_.bytes.empty() || (says_no_more_ && manners_.half_closes && !sending_ended_);
  if (has_to_send && (hurries_ || now >= send_again_)) events |= POLLOUT;
  if (hurries_ || now >= read_again_) events |= POLLIN;
  return events;
}

void StreamClient::turn(short ready) {
  if ((ready & POLLOUT) != 0 && open()) send_piece();
  if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0 && open()) read_piece();
}

void StreamClient::send_piece() {
  if (!said_.bytes.empty()) {
    const std::uint64_t kind = below(100);
    const std::uint64_t most = kind < 40 ? 1 + below(64) : kind < 70 ? 1 + below(1500) : said_.bytes.size();
    const std::size_t size = std::min<std::size_t>(most, said_.bytes.size());
    // Some pieces end with an urgent byte: it belongs to the stream like all others.
    const int urgent = below(16) == 0 ? MSG_OOB : 0;
    const ssize_t sent = ::send(descriptor_, said_.bytes.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT | urgent);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      return read_piece();  // what the server still said, and then how it ended
    }
    sent_ += static_cast<std::uint64_t>(sent);
    said_.bytes.erase(0, static_cast<std::size_t>(sent));
  }
  if (said_.bytes.empty() && says_no_more_ && manners_.half_closes && !sending_ended_) {
    ::shutdown(descriptor_, SHUT_WR);
    sending_ended_ = true;
  }
  if (below(6) == 0) send_again_ = Clock::now() + std::chrono::microseconds{below(6000)};
}

void StreamClient::read_piece() {
  std::array<char, 65536> bytes;
  std::size_t size = bytes.size();
  if (!hurries_ && manners_.slow)
    size = 1 + below(kSlowPiece);
  else if (below(4) == 0)
    size = 1 + below(200);
  const ssize_t got = ::recv(descriptor_, bytes.data(), size, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end(got == 0);
  const auto now = Clock::now();
  if (!said_.expected.empty()) longest_wait_ = std::max(longest_wait_, now - waits_since_);
  waits_since_ = now;
  bytes_ += static_cast<std::uint64_t>(got);
  if (manners_.slow && !hurries_) read_again_ = now + std::chrono::microseconds{below(6000)};

  std::string_view rest(bytes.data(), static_cast<std::size_t>(got));
  for (std::size_t at; (at = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(at + 1)) {
    if (pending_.empty()) {
      take(rest.substr(0, at));
    } else {
      pending_.append(rest.substr(0, at));
      take(pending_);
      pending_.clear();
    }
    ++lines_;
  }
  pending_.append(rest);
}

void StreamClient::take(std::string_view line) {
  if (is_hint(line)) {
    hinted_ = true;
    unsure_.clear();
    return;
  }
  settle_unsure();
  if (take_answer(line)) return;
  const bool is_event = script_.who().tongue == Tongue::Text ? line.starts_with('[') : line.starts_with(R"({"event":)");
  if (is_event) return take_event(line);
  wrong("is told", line);
}

bool StreamClient::take_list_line(Answer& answer, std::string_view line) {
  Captured captured;
  if (fits(answer.lines[1], line, captured)) {
    if (captured.numbers[0] != answer.taken)
      wrong("got " + std::to_string(answer.taken) + " lines of a list and", line);
    said_.expected.pop_front();
    return true;
  }
  if (!fits(answer.lines[0], line, captured)) return false;
  ++answer.taken;
  return true;
}

bool StreamClient::take_answer(std::string_view line) {
  if (said_.expected.empty()) return false;
  Answer& answer = said_.expected.front();
  if (answer.meaning == Meaning::List) return take_list_line(answer, line);
  Captured captured;
  const std::string& pattern = answer.line(answer.taken);
  if (!fits(pattern, line, captured)) return false;
  if (pattern.ends_with(kRest[0]) && line.starts_with('{') && !nlohmann::json::accept(line)) wrong("reads", line);
  if (answer.taken == 0) answered(answer, captured);
  if (++answer.taken == answer.size()) said_.expected.pop_front();
  return true;
}

void StreamClient::answered(const Answer& answer, const Captured& captured) {
  const std::uint32_t self = script_.who().number;
  if (answer.meaning == Meaning::Posted) {
    common_.book.acknowledge(self, answer.post, captured.numbers[0], captured.time, common_.verdict);
    listener_.acknowledged(self, answer.post, name(), common_.verdict);
  } else if (answer.meaning == Meaning::LoggedIn) {
    const std::uint64_t known = common_.book.id_of(self);
    if (known != 0 && known != captured.numbers[0])
      wrong("was client " + std::to_string(known) + " and is", std::to_string(captured.numbers[0]));
    common_.book.set_id(self, captured.numbers[0]);
  }
}

void StreamClient::take_event(std::string_view line) {
  if (common_.some_leave && is_departure(line)) return;
  if (!said_.expected.empty() && said_.expected.front().uninterrupted && said_.expected.front().taken > 0)
    wrong("is interrupted by", line);
  Book::Heard heard;
  Verdict about_line;
  if (common_.book.read_event(line, script_.who().tongue, heard, about_line))
    listener_.hear(heard, name(), common_.verdict);
  else
    unsure_ = name() + ": " + about_line.problems.front();
}

void StreamClient::end(bool cleanly) {
  const bool all_came = idle() && pending_.empty() && says_no_more_ && (sending_ended_ || !manners_.half_closes);
  if (!hinted_) settle_unsure();
  if (hinted_)
    standing_ = Standing::Hinted;
  else if (cleanly && all_came)
    standing_ = Standing::Ended;
  else if (bytes_ == 0 && script_.who().account.empty())
    standing_ = Standing::TooEarly;
  else
    standing_ = Standing::Cut;
  if (standing_ == Standing::Cut || standing_ == Standing::Hinted) {
    std::uint64_t counted_elsewhere = 0;
    const std::string how = hinted_ ? "closed with a hint: " : cleanly ? "cut off at an end: " : "cut off by a reset: ";
    common_.verdict.problem(counted_elsewhere, how + state());
  }
  if (standing_ != Standing::Ended && !script_.who().account.empty()) common_.book.lose_sender(script_.who().number);
  close();
}

void StreamClient::wrong(const std::string& what, std::string_view line) {
  std::string due = "nothing";
  if (!said_.expected.empty()) {
    const Answer& next = said_.expected.front();
    due = next.meaning == Meaning::List ? "a list" : next.line(next.taken).substr(0, 160);
  }
  unsure_ = name() + " " + what + " " + std::string(line.substr(0, 200)) + " where this was due: " + due;
}

void StreamClient::settle_unsure() {
  if (!unsure_.empty()) common_.verdict.problem(common_.verdict.wrong_lines, std::move(unsure_));
  unsure_.clear();
}

}  // namespace rookery::system_test
