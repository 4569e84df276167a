// tests/system/harness/test_client.h
//
// Clients that a test holds in its hand, blocking and with a deadline: TextClient speaks lines for people, JsonClient
// JSON lines. Replies and events come interleaved; both are kept in the order in which they came.
//
//   TextClient alice(server.port());
//   alice.ask("/join #den");                                      // the reply, events before it are kept
//   alice.expect_event([](const std::string& line) { ... });      // the next event that fits, waiting for it
//
// Who may use it  One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/harness/patience.h"

namespace rookery::system_test {

// The server has closed the connection where more was expected.
class Closed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct SocketSetup {
  int receive_buffer_bytes = 0;  // 0: the system's choice
  const char* source = nullptr;  // another loopback address to come from: "127.0.0.2"
  const char* host = nullptr;    // where the server is; null: loopback
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port, SocketSetup setup = {});
  ~TestClient();
  TestClient(TestClient&& other) noexcept;
  TestClient& operator=(TestClient&&) = delete;
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send(std::string_view bytes);
  // Each byte as urgent data of its own.
  void send_urgent(std::string_view bytes);
  void send_line(std::string_view line) { send(std::string(line) + "\n"); }
  // The next line, without its end. Throws Closed or TimedOut.
  std::string read_line();
  // The same, empty when none has come by then.
  std::optional<std::string> read_line_within(std::chrono::milliseconds within);
  // Reads lines until one fits; returns that one. The others are kept in lines().
  std::string read_until(std::string_view what, const std::function<bool(const std::string&)>& fits);
  // Reads to the end of the stream. Throws TimedOut when it stays open.
  void read_to_end();
  // Takes what is there without waiting; true when the connection has ended.
  bool poll_lines();
  // Takes what the socket holds, some 64 KiB at most: the server sees that this client is still alive. A single read
  // is not enough: a window that opens only a little leaves the server's kernel in its retransmissions, and after
  // TCP_USER_TIMEOUT (60 s) that takes the client for dead.
  void take_a_little();
  // Everything received so far, in order.
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }
  // For who has taken from lines() what it needs, and receives much.
  void forget_lines() noexcept { lines_.clear(); }

  // The server has taken from its socket what was sent; a last urgent byte may be left there.
  void wait_until_taken() const;

  void shut_down_sending() const;
  void reset();  // closes with a reset in place of an end
  void close() noexcept;
  // The local port: what the server calls this client in its log and lists.
  [[nodiscard]] std::uint16_t local_port() const;
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  [[nodiscard]] bool take_line(std::string& line);
  [[nodiscard]] bool receive(std::chrono::milliseconds within);  // false: the stream has ended

  int descriptor_ = -1;
  std::string pending_;
  std::size_t scanned_ = 0;
  std::vector<std::string> lines_;
};

class TextClient : public TestClient {
 public:
  explicit TextClient(std::uint16_t port, SocketSetup setup = {}) : TestClient(port, setup) {}

  // The reply's last line: OK …, ERR … or Echo: …
  std::string ask(std::string_view line);
  // All lines up to and with the reply's last one. Only where no events are about.
  std::vector<std::string> ask_lines(std::string_view line);
  // The next line that is no reply and fits, among those received and not yet passed by such a call, or yet to come.
  std::string expect_event(const std::function<bool(const std::string&)>& fits);
  std::string expect_event(std::string_view whole);
  // Everything that is no reply, in order.
  [[nodiscard]] std::vector<std::string> events() const;
  // Pings: everything published before is received then.
  void sync();
  // Logs in; the client's id.
  std::uint64_t log_in(std::string_view name, std::string_view password);
  // This client's id, learnt by speaking in the lobby.
  [[nodiscard]] std::uint64_t id();

 private:
  std::size_t events_passed_ = 0;  // lines before this index are looked at
};

class JsonClient : public TestClient {
 public:
  using Json = nlohmann::json;

  explicit JsonClient(std::uint16_t port, SocketSetup setup = {}) : TestClient(port, setup) {}

  // The reply to this request; an id is added when it has none.
  Json ask(Json request);
  Json ask(const char* op) { return ask(Json{{"op", op}}); }
  void send_json(const Json& request) { send_line(request.dump()); }
  Json expect_event(const std::function<bool(const Json&)>& fits);
  // Events of that kind received so far, in order: message, joined, left, missed, notice.
  [[nodiscard]] std::vector<Json> events(std::string_view kind) const;
  void sync() { static_cast<void>(ask("ping")); }

 private:
  std::uint64_t last_id_ = 0;
  std::size_t events_passed_ = 0;
};

}  // namespace rookery::system_test
