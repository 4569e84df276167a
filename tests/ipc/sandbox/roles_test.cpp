// A process in the sandbox of a role, without a server around it: what an exporter can still do, that a directory is
// the ledger's limit, and that a process without a listener has no other way than others.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "ipc/os/file_descriptor.h"
#include "ipc/os/process.h"
#include "ipc/sandbox/sandbox.h"
#include "tests/support/temporary_directory.h"

namespace rookery::sandbox {
namespace {

// In a child that enters first; how it ended.
os::ExitStatus in_a_child(Role role, const Belongings& belongings, const std::function<bool()>& body) {
  os::Process child = os::Process::spawn([&] {
    enter(role, belongings);
    return body() ? 0 : 1;
  });
  pollfd end{child.pidfd(), POLLIN, 0};
  ::poll(&end, 1, -1);
  return *child.try_wait();
}

bool refused(long result) {
  return result < 0 && (errno == EPERM || errno == EACCES);
}

sockaddr_in loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Roles : public testing::Test {
 protected:
  void SetUp() override {
    if (!missing().empty()) GTEST_SKIP() << "this kernel lacks " << missing().front();
  }
};

TEST_F(Roles, AnExporterAnswersOnItsListenerAndOpensNothing) {
  const os::FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback();
  socklen_t bytes = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), bytes), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &bytes), 0);
  const os::FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), bytes), 0);

  const auto status = in_a_child(Role::Exporter, {.own = {}, .readable = {}, .listener = listener.get()}, [&] {
    const int on = 1;
    const int got = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    return got >= 0 && ::setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
           ::send(got, "ok", 2, 0) == 2 && ::shutdown(got, SHUT_RDWR) == 0 &&
           refused(::shutdown(listener.get(), SHUT_RDWR)) && refused(::open("/dev/null", O_WRONLY)) &&
           refused(::socket(AF_INET, SOCK_STREAM, 0)) &&
           refused(::connect(got, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  });
  EXPECT_TRUE(status.clean()) << status.describe();
  std::array<char, 8> answer{};
  EXPECT_EQ(::recv(client.get(), answer.data(), answer.size(), 0), 2);
}

TEST_F(Roles, AWorkerHasUrgentBytesInLineAndSetsNothingElse) {
  const os::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto status = in_a_child(Role::Worker, {}, [&] {
    const int on = 1;
    return ::setsockopt(socket.get(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) == 0 &&
           refused(::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on)) &&
           refused(::setsockopt(socket.get(), IPPROTO_TCP, SO_OOBINLINE, &on, sizeof on));
  });
  EXPECT_TRUE(status.clean()) << status.describe();
}

TEST_F(Roles, ALedgerHasItsDirectoryAndNoOther) {
  const test::TemporaryDirectory own, other;
  std::ofstream(other.path() / "file") << "not yours";
  const auto in = [](const test::TemporaryDirectory& directory, const char* name) { return (directory.path() / name); };
  const auto status = in_a_child(Role::Ledger, {.own = {own.path()}, .readable = {}, .listener = -1}, [&] {
    const int made = ::open(in(own, "made").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return made >= 0 && ::write(made, "x", 1) == 1 && ::ftruncate(made, 0) == 0 &&
           ::rename(in(own, "made").c_str(), in(own, "moved").c_str()) == 0 &&
           ::unlink(in(own, "moved").c_str()) == 0 && refused(::open(in(other, "file").c_str(), O_WRONLY)) &&
           refused(::unlink(in(other, "file").c_str())) &&
           refused(::open(in(other, "made").c_str(), O_WRONLY | O_CREAT, 0600)) &&
           refused(::open((own.path() / ".." / other.path().filename() / "file").c_str(), O_WRONLY));
  });
  EXPECT_TRUE(status.clean()) << status.describe();
  EXPECT_TRUE(std::filesystem::exists(other.path() / "file"));
}

TEST_F(Roles, WhoExecutesAProgramIsKilled) {
  const auto status = in_a_child(Role::Worker, {}, [] { return ::execl("/bin/true", "true", nullptr) == 0; });
  EXPECT_TRUE(status.signalled);
  EXPECT_EQ(status.value, SIGSYS);
}

TEST_F(Roles, TheMastersIsEnteredOnce) {
  EXPECT_FALSE(inside_masters());
  const auto status = in_a_child(Role::Master, {}, [] {
    const auto filters = [] {
      std::ifstream file("/proc/self/status");
      std::string line;
      while (std::getline(file, line) && !line.starts_with("Seccomp_filters:")) {
      }
      return line;
    };
    const std::string once = filters();
    enter(Role::Master);
    return inside_masters() && filters() == once && refused(::socket(AF_NETLINK, SOCK_RAW, 0));
  });
  EXPECT_TRUE(status.clean()) << status.describe();
}

}  // namespace
}  // namespace rookery::sandbox
