#include "tests/system/harness/test_client.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace rookery::system_test {
namespace {

bool is_text_reply(const std::string& line) {
  return line.starts_with("OK ") || line.starts_with("ERR ") || line.starts_with("Echo: ");
}

bool wait_for(int descriptor, short events, std::chrono::milliseconds within) {
  pollfd waited{descriptor, events, 0};
  int ready;
  do ready = ::poll(&waited, 1, static_cast<int>(within.count()));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

std::uint16_t port_of(int socket, int (*name)(int, sockaddr*, socklen_t*)) {
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  name(socket, reinterpret_cast<sockaddr*>(&address), &bytes);
  return ntohs(address.sin_port);
}

// Of the other end of a connection within this machine. Empty: it is not there.
std::optional<std::uint64_t> unread_by_peer(int socket) {
  const std::uint16_t ours = port_of(socket, ::getsockname), theirs = port_of(socket, ::getpeername);
  for (const char* path : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream table(path);
    std::string line;
    std::getline(table, line);  // headings
    while (std::getline(table, line)) {
      std::istringstream fields(line);
      std::string number, local, remote, state, queues;
      fields >> number >> local >> remote >> state >> queues;
      const auto port = [](const std::string& address) {
        return std::stoul(address.substr(address.find(':') + 1), nullptr, 16);
      };
      if (port(local) == theirs && port(remote) == ours)
        return std::stoull(queues.substr(queues.find(':') + 1), nullptr, 16);
    }
  }
  return std::nullopt;
}

}  // namespace

TestClient::TestClient(std::uint16_t port, SocketSetup setup)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (setup.receive_buffer_bytes > 0)
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &setup.receive_buffer_bytes, sizeof setup.receive_buffer_bytes);
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (setup.source != nullptr) {
    address.sin_addr.s_addr = ::inet_addr(setup.source);
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::system_error(errno, std::generic_category(), setup.source);
  }
  address.sin_addr.s_addr = setup.host != nullptr ? ::inet_addr(setup.host) : ::htonl(INADDR_LOOPBACK);
  address.sin_port = ::htons(port);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  const std::error_code error(errno, std::generic_category());
  close();
  throw std::system_error(error, "connect");
}

TestClient::~TestClient() {
  close();
}

TestClient::TestClient(TestClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      pending_(std::move(other.pending_)),
      scanned_(other.scanned_),
      lines_(std::move(other.lines_)) {}

void TestClient::send_urgent(std::string_view bytes) {
  for (const char& byte : bytes)
    if (::send(descriptor_, &byte, 1, MSG_OOB | MSG_NOSIGNAL) != 1)
      throw Closed("the server has closed the connection");
}

void TestClient::wait_until_taken() const {
  eventually("the server has taken what was sent", [this] {
    int on_its_way = 0;
    if (::ioctl(descriptor_, SIOCOUTQ, &on_its_way) != 0 || on_its_way > 0) return false;
    const auto unread = unread_by_peer(descriptor_);
    return unread && *unread <= 1;
  });
}

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      // Who only sends while the other only sends waits for ever: so receive meanwhile.
      if (wait_for(descriptor_, POLLIN | POLLOUT, kPatience)) {
        static_cast<void>(poll_lines());
        continue;
      }
      throw TimedOut("the server takes no input");
    } else if (errno != EINTR) {
      throw Closed(std::string("send: ") + std::strerror(errno));
    }
  }
}

bool TestClient::take_line(std::string& line) {
  const std::size_t end = pending_.find('\n', scanned_);
  if (end == std::string::npos) {
    if (scanned_ > 0 && pending_.size() > 65536) pending_.erase(0, std::exchange(scanned_, 0));
    return false;
  }
  line = pending_.substr(scanned_, end - scanned_);
  scanned_ = end + 1;
  if (scanned_ == pending_.size()) {
    pending_.clear();
    scanned_ = 0;
  }
  return true;
}

bool TestClient::receive(std::chrono::milliseconds within) {
  if (!wait_for(descriptor_, POLLIN, within)) throw TimedOut("nothing more was received");
  std::array<char, 65536> bytes;
  ssize_t count;
  do count = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
  while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  pending_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string TestClient::read_line() {
  std::string line;
  while (!take_line(line))
    if (!receive(kPatience)) throw Closed("the connection was closed, after: " + (lines_.empty() ? "" : lines_.back()));
  lines_.push_back(line);
  return line;
}

std::optional<std::string> TestClient::read_line_within(std::chrono::milliseconds within) {
  std::string line;
  while (!take_line(line)) {
    if (!wait_for(descriptor_, POLLIN, within)) return std::nullopt;
    if (!receive(within)) throw Closed("the connection was closed");
  }
  lines_.push_back(line);
  return line;
}

std::string TestClient::read_until(std::string_view what, const std::function<bool(const std::string&)>& fits) {
  try {
    for (;;)
      if (std::string line = read_line(); fits(line)) return line;
  } catch (const TimedOut&) {
    throw TimedOut("did not receive " + std::string(what) +
                   "; the last line was: " + (lines_.empty() ? "none" : lines_.back()));
  }
}

void TestClient::read_to_end() {
  std::string line;
  do {
    while (take_line(line)) lines_.push_back(line);
  } while (receive(kPatience));
}

bool TestClient::poll_lines() {
  bool open = true;
  while (open && wait_for(descriptor_, POLLIN, std::chrono::milliseconds{0}))
    open = receive(std::chrono::milliseconds{0});
  std::string line;
  while (take_line(line)) lines_.push_back(line);
  return !open;
}

void TestClient::take_a_little() {
  constexpr std::size_t kLittle = 64 * 1024;
  const std::size_t before = pending_.size();
  while (pending_.size() - before < kLittle && wait_for(descriptor_, POLLIN, std::chrono::milliseconds{0}))
    if (!receive(std::chrono::milliseconds{0})) return;
}

void TestClient::shut_down_sending() const {
  ::shutdown(descriptor_, SHUT_WR);
}

void TestClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void TestClient::close() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::uint16_t TestClient::local_port() const {
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &bytes);
  return ::ntohs(address.sin_port);
}

std::string TextClient::ask(std::string_view line) {
  send_line(line);
  return read_until("a reply to " + std::string(line), is_text_reply);
}

std::vector<std::string> TextClient::ask_lines(std::string_view line) {
  const std::size_t before = lines().size();
  static_cast<void>(ask(line));
  return {lines().begin() + static_cast<std::ptrdiff_t>(before), lines().end()};
}

std::string TextClient::expect_event(const std::function<bool(const std::string&)>& fits) {
  for (;;) {
    while (events_passed_ < lines().size()) {
      const std::string& line = lines()[events_passed_++];
      if (!is_text_reply(line) && fits(line)) return line;
    }
    static_cast<void>(read_line());
  }
}

std::string TextClient::expect_event(std::string_view whole) {
  try {
    return expect_event([whole](const std::string& line) { return line == whole; });
  } catch (const TimedOut&) {
    throw TimedOut("this event did not come: " + std::string(whole));
  }
}

std::vector<std::string> TextClient::events() const {
  std::vector<std::string> result;
  for (const std::string& line : lines())
    if (!is_text_reply(line)) result.push_back(line);
  return result;
}

void TextClient::sync() {
  send_line("/ping");
  read_until("a pong", [](const std::string& line) { return line == "OK pong"; });
}

std::uint64_t TextClient::log_in(std::string_view name, std::string_view password) {
  const std::string reply = ask("/login " + std::string(name) + " " + std::string(password));
  const std::string expected = "OK logged in as " + std::string(name) + ", client ";
  if (!reply.starts_with(expected)) throw std::runtime_error("login of " + std::string(name) + ": " + reply);
  return std::stoull(reply.substr(expected.size()));
}

std::uint64_t TextClient::id() {
  // The server tells it in what it delivers, to the speaker too.
  const std::string token = "who-am-i-" + std::to_string(local_port());
  static_cast<void>(ask("/say #lobby " + token));
  const std::string line = expect_event([&](const std::string& event) { return event.ends_with("): " + token); });
  const std::size_t open = line.rfind('(', line.rfind("): "));
  return std::stoull(line.substr(open + 1));
}

JsonClient::Json JsonClient::ask(Json request) {
  if (!request.contains("id")) request["id"] = "request-" + std::to_string(++last_id_);
  const Json id = request["id"];
  send_json(request);
  for (;;) {
    const Json line = Json::parse(read_line());
    if (line.contains("re") && line.contains("id") && line["id"] == id) return line;
  }
}

JsonClient::Json JsonClient::expect_event(const std::function<bool(const Json&)>& fits) {
  for (;;) {
    while (events_passed_ < lines().size()) {
      Json line = Json::parse(lines()[events_passed_++]);
      if (line.contains("event") && fits(line)) return line;
    }
    static_cast<void>(read_line());
  }
}

std::vector<JsonClient::Json> JsonClient::events(std::string_view kind) const {
  std::vector<Json> result;
  for (const std::string& text : lines()) {
    Json line = Json::parse(text);
    if (line.contains("event") && line["event"] == kind) result.push_back(std::move(line));
  }
  return result;
}

}  // namespace rookery::system_test
