// Peers that do not read, and peers that are not there any more.
#include <gmock/gmock.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

// Of an undisturbed echo and a little, so that it says the same on a busy machine: who waits for another client waits
// for seconds.
constexpr int kNoMoreThan = 20;
constexpr std::chrono::milliseconds kLittle{500};

const std::uint64_t kMostGrowthOfPeers = (kSanitized ? 400 : 20) * 1024 * 1024;

constexpr std::chrono::seconds kTwoSweeps{2};  // the server looks at slow clients four times a second

// Of ten round trips the slowest but one.
Clock::duration usual_echo(TextClient& client, int count) {
  std::vector<Clock::duration> times;
  for (int i = 0; i < count; ++i) {
    const auto begin = Clock::now();
    client.sync();
    times.push_back(Clock::now() - begin);
  }
  std::ranges::sort(times);
  return times[times.size() * 9 / 10];
}

TEST(Hostile, Row50_WhoNeverReadsIsClosedInTheEndAndCostsOthersNothing) {
  const ServerProcess server({"--workers", "1"});
  TextClient slow(server.port(), {.receive_buffer_bytes = 16 * 1024});
  TextClient sipping(server.port(), {.receive_buffer_bytes = 16 * 1024});
  TextClient other(server.port());
  slow.sync();
  sipping.sync();
  other.sync();
  const Clock::duration undisturbed = usual_echo(other, 100);
  const pid_t worker = server.worker_pid(0);
  const std::uint64_t before = memory_bytes(worker);
  JsonClient sender(server.port());
  const std::string text(8000, 'x');
  for (int i = 0; i < 1500; ++i) {
    sender.send_json({{"op", "broadcast"}, {"text", text}});
    if (i % 64 == 63) sender.sync();
    if (i % 16 == 15) static_cast<void>(other.poll_lines());
  }
  sender.sync();
  EXPECT_LT(memory_bytes(worker), before + kMostGrowthOfPeers);
  EXPECT_LT(usual_echo(other, 100), undisturbed * kNoMoreThan + kLittle);

  // A member of the room that takes nothing for 30 s while there is something for it. One that takes a little now and
  // then, in all far less than the server's socket holds, is not closed.
  auto next_sip = Clock::now();
  const auto sips_until = [&](const char* what, const std::function<bool()>& until) {
    eventually(
        what,
        [&] {
          if (Clock::now() >= next_sip) {
            sipping.take_a_little();
            next_sip = Clock::now() + std::chrono::seconds{5};
          }
          return until();
        },
        3 * kPatience);
  };
  sips_until("it is closed", [&] { return server.log().find("too slow: it takes nothing") != std::string::npos; });
  const auto closed_at = Clock::now();
  sips_until("its seat is free", [&] { return server.client_count() == 3; });
  sips_until("what sips would have been closed as well", [&] { return Clock::now() > closed_at + kTwoSweeps; });
  EXPECT_EQ(server.client_count(), 3U);
  sipping.sync();
  EXPECT_EQ(other.ask("and I"), "Echo: and I");
}

TEST(Hostile, Row50_WhoAsksAndNeverReadsHoldsNoMoreThanItsShare) {
  const ServerProcess server({"--workers", "1", "--max-queued", "131072"});
  TextClient other(server.port());
  other.sync();
  const Clock::duration undisturbed = usual_echo(other, 100);
  const std::uint64_t before = memory_bytes(server.worker_pid(0));
  std::vector<std::unique_ptr<TextClient>> askers;
  std::string line(8001, 'y');
  line.back() = '\n';
  for (int i = 0; i < 20; ++i) {
    askers.push_back(std::make_unique<TextClient>(server.port(), SocketSetup{.receive_buffer_bytes = 16 * 1024}));
    // As much as the sockets take, never reading an answer.
    for (;;) {
      const ssize_t sent = ::send(askers.back()->descriptor(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) break;
    }
  }
  EXPECT_LT(usual_echo(other, 200), undisturbed * kNoMoreThan + kLittle);
  EXPECT_LT(memory_bytes(server.worker_pid(0)), before + kMostGrowthOfPeers);
}

// A peer behind a firewall that drops everything cannot be made without privileges; that the kernel was told when to
// give it up can be seen on the server's own sockets.
TEST(Hostile, Row52_AHalfOpenPeerIsGivenUpWithin90Seconds) {
  const ServerProcess server({"--workers", "1"});
  TextClient client(server.port());
  client.sync();
  const pid_t worker = server.worker_pid(0);
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, worker, 0));
  ASSERT_GE(pidfd, 0);
  bool found = false;
  for (int number = 0; number < 256 && !found; ++number) {
    const int socket = static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, number, 0));
    if (socket < 0 && errno == EPERM) {
      ::close(pidfd);
      GTEST_SKIP() << "this machine does not let us look at another process's sockets";
    }
    if (socket < 0) continue;
    sockaddr_in peer{};
    socklen_t bytes = sizeof peer;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &bytes) == 0 && peer.sin_family == AF_INET &&
        ntohs(peer.sin_port) == client.local_port()) {
      found = true;
      const auto option = [&](int level, int name) {
        int value = -1;
        socklen_t size = sizeof value;
        EXPECT_EQ(::getsockopt(socket, level, name, &value, &size), 0);
        return value;
      };
      EXPECT_NE(option(SOL_SOCKET, SO_KEEPALIVE), 0);
      EXPECT_LE(
          option(IPPROTO_TCP, TCP_KEEPIDLE) + option(IPPROTO_TCP, TCP_KEEPINTVL) * option(IPPROTO_TCP, TCP_KEEPCNT),
          90);
      EXPECT_GT(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
      EXPECT_LE(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 90'000);
      EXPECT_NE(option(IPPROTO_TCP, TCP_NODELAY), 0);
    }
    ::close(socket);
  }
  ::close(pidfd);
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace rookery::system_test
