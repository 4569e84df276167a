// Socket activation: the test is systemd and holds the listening socket. Who connects while there is no server waits.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "tests/system/harness/managed_server.h"
#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Socket final {
 public:
  Socket(int type, const char* host, bool listens) : descriptor_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, host, &address.sin_addr);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size), 0);
    if (listens) ::listen(descriptor_, 64);
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ::ntohs(address.sin_port);
  }
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

const std::vector<std::string> kOneSocket{"LISTEN_FDS=1", "LISTEN_PID=$$", "LISTEN_FDNAMES=rookery.socket"};

std::string environment_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/environ");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(SocketActivation, WhoConnectsWhileThereIsNoServerIsServedByTheNext) {
  const test::TemporaryDirectory data;
  const Socket socket(SOCK_STREAM, "127.0.0.1", true);
  TextClient early(socket.port());
  early.send_line("before");
  const ManagedSetup setup{.environment = kOneSocket, .passed = {socket.get()}, .data = &data};
  {
    ManagedServer server(setup);
    EXPECT_EQ(server.port(), socket.port()) << "READY says where it really listens";
    EXPECT_EQ(server.host(), "127.0.0.1");
    EXPECT_EQ(early.read_line(), "Echo: before");
  }
  TextClient between(socket.port());
  between.send_line("between");
  ManagedServer server(setup);
  EXPECT_EQ(between.read_line(), "Echo: between");
}

// It was connected before the server could prepare the socket.
TEST(SocketActivation, UrgentDataOfWhoConnectedBeforeIsInItsPlace) {
  const Socket socket(SOCK_STREAM, "127.0.0.1", true);
  TextClient early(socket.port());
  early.send_line("before");
  ManagedServer server({.environment = kOneSocket, .passed = {socket.get()}});
  EXPECT_EQ(early.read_line(), "Echo: before");
  const std::string half(1030, 'h'), urgent(500, 'u');
  early.send(half);
  early.send_urgent(urgent);
  early.wait_until_taken();
  EXPECT_THAT(server.console("upgrade"), StartsWith("OK upgraded"));
  early.send("\nhello\n");
  EXPECT_EQ(early.read_line(), "Echo: " + half + urgent);
  EXPECT_EQ(early.read_line(), "Echo: hello");
}

TEST(SocketActivation, AnUpgradeKeepsTheSocketAndForgetsTheVariables) {
  const Socket socket(SOCK_STREAM, "127.0.0.1", true);
  ManagedServer server({.environment = kOneSocket, .passed = {socket.get()}});
  TextClient before(socket.port());
  ASSERT_EQ(before.ask("one"), "Echo: one");
  EXPECT_THAT(environment_of(server.pid()), HasSubstr("LISTEN_FDS=1"));

  for (int i = 0; i < 2; ++i) EXPECT_THAT(server.console("upgrade"), StartsWith("OK upgraded"));

  EXPECT_EQ(before.ask("two"), "Echo: two");
  TextClient after(socket.port());
  EXPECT_EQ(after.ask("three"), "Echo: three");
  EXPECT_THAT(environment_of(server.pid()), Not(HasSubstr("LISTEN_")));
  EXPECT_THAT(server.log(), Not(HasSubstr("needs a new start"))) << "--port 0 was not asked for before either";
}

TEST(SocketActivation, GuestsAreAllowedByWhereTheSocketIs) {
  const Socket socket(SOCK_STREAM, "0.0.0.0", true);
  ManagedServer server({.arguments = {"--host", "127.0.0.1"}, .environment = kOneSocket, .passed = {socket.get()}});
  EXPECT_EQ(server.host(), "0.0.0.0");
  TextClient guest(socket.port());
  EXPECT_THAT(guest.ask("/say #lobby hello"), StartsWith("ERR not-logged-in"));
}

TEST(SocketActivation, WhatIsForAnotherProcessIsLeftAlone) {
  const Socket socket(SOCK_STREAM, "127.0.0.1", true);
  ManagedServer server({.environment = {"LISTEN_FDS=1", "LISTEN_PID=1"}, .passed = {socket.get()}});
  EXPECT_NE(server.port(), socket.port());
}

std::string refusal(const std::vector<std::string>& environment, const std::vector<int>& passed) {
  const test::TemporaryDirectory directory;
  ChildProgram program({.command = managed_command(directory.path() / "data", {"--port", "0"}),
                        .directory = directory.path(),
                        .descriptor_limit = {},
                        .environment = environment,
                        .passed = passed});
  EXPECT_EQ(program.wait(), 78);
  EXPECT_EQ(program.output(), "");
  return program.errors();
}

TEST(SocketActivation, AnythingButOneListeningTcpSocketIsRefused) {
  const Socket tcp(SOCK_STREAM, "127.0.0.1", true);
  const Socket silent(SOCK_STREAM, "127.0.0.1", false);
  const Socket udp(SOCK_DGRAM, "127.0.0.1", false);
  const Socket local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const test::TemporaryDirectory directory;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (directory.path() / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(local.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(local.get(), 1), 0);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const Socket reader(pipe[0]);
  const Socket writer(pipe[1]);

  EXPECT_THAT(refusal(kOneSocket, {silent.get()}), HasSubstr("does not listen"));
  EXPECT_THAT(refusal(kOneSocket, {udp.get()}), HasSubstr("not TCP"));
  EXPECT_THAT(refusal(kOneSocket, {local.get()}), HasSubstr("not of the Internet"));
  EXPECT_THAT(refusal(kOneSocket, {reader.get()}), HasSubstr("no socket"));
  EXPECT_THAT(refusal({"LISTEN_FDS=2", "LISTEN_PID=$$"}, {tcp.get(), silent.get()}), HasSubstr("there are 2"));
  EXPECT_THAT(refusal({"LISTEN_FDS=one", "LISTEN_PID=$$"}, {tcp.get()}), HasSubstr("LISTEN_FDS"));
}

}  // namespace
}  // namespace rookery::system_test
