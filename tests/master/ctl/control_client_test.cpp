#include "master/ctl/control_client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <thread>

#include "tests/support/temporary_directory.h"

namespace rookery::ctl {
namespace {

using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// Answers one command on DIR/control.sock with fixed bytes.
class OneAnswer {
 public:
  OneAnswer(const std::filesystem::path& directory, std::string answer) : answer_(std::move(answer)) {
    const int opened = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    const std::string path = "/proc/self/fd/" + std::to_string(opened) + "/control.sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
    EXPECT_EQ(::listen(listener_, 1), 0);
    ::close(opened);
    thread_ = std::thread([this] { serve(); });
  }
  ~OneAnswer() {
    (void)::shutdown(listener_, SHUT_RDWR);  // wakes it if nobody ever asked
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  std::string command() {
    thread_.join();
    return command_;
  }

 private:
  void serve() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::array<char, 4096> bytes{};
    while (command_.find('\n') == std::string::npos) {
      const ssize_t count = ::recv(client, bytes.data(), bytes.size(), 0);
      if (count <= 0) break;
      command_.append(bytes.data(), static_cast<std::size_t>(count));
    }
    for (const char byte : answer_)  // in the smallest pieces
      if (::send(client, &byte, 1, MSG_NOSIGNAL) != 1) break;
    ::close(client);
  }

  std::string answer_;
  std::string command_;
  int listener_ = -1;
  std::thread thread_;
};

class ControlClientTest : public ::testing::Test {
 protected:
  ControlAnswer ask(const std::filesystem::path& directory, std::string_view command) {
    return ask_server(
        directory, command, [this](const std::string& line) { lines_.push_back(line); }, 20s);
  }
  TemporaryDirectory directory_;
  std::vector<std::string> lines_;
};

TEST_F(ControlClientTest, CopiesTheLinesAndTellsTheVerdict) {
  OneAnswer server(directory_.path(), "1 al\n2 bob\tx\nOK 2 clients\n");
  const ControlAnswer answer = ask(directory_.path(), "list");
  EXPECT_EQ(answer.result, ControlResult::Done);
  EXPECT_EQ(answer.last_line, "OK 2 clients");
  EXPECT_THAT(lines_, ElementsAre("1 al", "2 bob\tx"));
  EXPECT_EQ(server.command(), "list\n");
}

TEST_F(ControlClientTest, ARefusalIsToldApart) {
  const OneAnswer server(directory_.path(), "ERR no-such-client 7");
  const ControlAnswer answer = ask(directory_.path(), "kick 7");
  EXPECT_EQ(answer.result, ControlResult::Refused);
  EXPECT_EQ(answer.last_line, "ERR no-such-client 7");
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ControlClientTest, AnAnswerThatBreaksOffIsNoSuccess) {
  const OneAnswer server(directory_.path(), "1 al\nOKAY, so far\n");
  EXPECT_EQ(ask(directory_.path(), "list").result, ControlResult::Incomplete);
  EXPECT_THAT(lines_, ElementsAre("1 al", "OKAY, so far"));
}

TEST_F(ControlClientTest, SaysWhereNobodyAnswers) {
  const ControlAnswer answer = ask(directory_.path(), "list");
  EXPECT_EQ(answer.result, ControlResult::NoServer);
  EXPECT_THAT(answer.last_line, HasSubstr(directory_.path().string()));
}

TEST_F(ControlClientTest, GivesUpOnASilentServer) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = directory_.path() / "control.sock";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  const ControlAnswer answer = ask_server(
      directory_.path(), "list", [](const std::string&) {}, 10ms);
  EXPECT_EQ(answer.result, ControlResult::NoServer);
  EXPECT_THAT(answer.last_line, HasSubstr("does not answer"));
  ::close(listener);
}

TEST_F(ControlClientTest, ADirectoryTooDeepForASocketAddressWorks) {
  std::filesystem::path deep = directory_.path();
  while (deep.string().size() < 300) deep /= std::string(60, 'd');
  std::filesystem::create_directories(deep);
  EXPECT_EQ(ask(deep, "count").result, ControlResult::NoServer);
  const OneAnswer server(deep, "OK 0\n");
  EXPECT_EQ(ask(deep, "count").result, ControlResult::Done);
}

TEST_F(ControlClientTest, NothingInTheAnswerControlsTheTerminal) {
  const OneAnswer server(directory_.path(), "name\033[2J\r\nOK \033c\n");
  EXPECT_EQ(ask(directory_.path(), "list").last_line, "OK ␛c");
  EXPECT_THAT(lines_, ElementsAre("name␛[2J"));
}

}  // namespace
}  // namespace rookery::ctl
