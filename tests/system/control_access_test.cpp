// Who may use the control socket: other users try it, so most of this needs to be run as root.
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "tests/system/harness/console_socket.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

constexpr uid_t kDataOwner = 61'001;
constexpr uid_t kOther = 61'002;
constexpr gid_t kGroup = 61'003;
constexpr gid_t kNoGroup = 61'004;

struct User {
  uid_t user;
  gid_t group;
  std::vector<gid_t> groups{};
};

// What the console answers to that user; "no way" where the socket cannot be reached.
std::string ask_as(const User& user, const std::filesystem::path& data) {
  std::array<int, 2> answer{};
  if (::pipe(answer.data()) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(answer[0]);
    std::string text = "no way";
    const bool is_user = ::setgroups(user.groups.size(), user.groups.data()) == 0 &&
                         ::setresgid(user.group, user.group, user.group) == 0 &&
                         ::setresuid(user.user, user.user, user.user) == 0;
    try {
      text = is_user ? ask_console(data, "count") : "cannot become that user";
    } catch (const std::exception&) {
    }
    ::_exit(::write(answer[1], text.data(), text.size()) < 0 ? 1 : 0);
  }
  ::close(answer[1]);
  std::array<char, 4096> bytes{};
  std::string text;
  for (ssize_t count = 0; (count = ::read(answer[0], bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<std::size_t>(count));
  ::close(answer[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

class ControlAccess : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can try it as other users";
  }
  // A server of root's on a directory of somebody else's.
  void start(mode_t mode) {
    ASSERT_EQ(::chown(data_.path().c_str(), kDataOwner, kGroup), 0);
    ASSERT_EQ(::chmod(data_.path().c_str(), mode), 0);
    server_ = std::make_unique<ServerProcess>(data_, std::vector<std::string>{"--workers", "1"});
  }
  std::string ask(const User& user) { return ask_as(user, data_.path()); }

  const TemporaryDirectory data_;
  std::unique_ptr<ServerProcess> server_;
};

constexpr std::string_view kAnswer = "OK 0 clients\n";

TEST_F(ControlAccess, OwnerGroupAndRootAreServed) {
  start(0750);
  EXPECT_EQ(ask({kDataOwner, kNoGroup}), kAnswer);
  EXPECT_EQ(ask({kOther, kGroup}), kAnswer);
  EXPECT_EQ(ask({kOther, kNoGroup, {kNoGroup, kGroup}}), kAnswer) << "a member by a supplementary group";
  EXPECT_EQ(ask({0, 0}), kAnswer);
  EXPECT_EQ(ask({kOther, kNoGroup}), "no way");
  struct stat status {};
  ASSERT_EQ(::stat((data_.path() / "control.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
  EXPECT_EQ(status.st_gid, kGroup);
}

// The modes were opened by mistake, or somebody has got past them with a descriptor of the directory.
TEST_F(ControlAccess, WhoGetsPastTheModesIsRefusedAndTheLogSaysSo) {
  start(0750);
  ASSERT_EQ(::chmod(data_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((data_.path() / "control.sock").c_str(), 0666), 0);
  EXPECT_THAT(ask({kOther, kNoGroup, {kNoGroup}}), testing::StartsWith("ERR not-allowed "));
  eventually("the log names who it was", [&] {
    return server_->log().find("the control socket is not for uid=61002 gid=61004 pid=") != std::string::npos;
  });
  EXPECT_EQ(ask({kOther, kNoGroup, {kGroup}}), kAnswer);
  EXPECT_EQ(ask({kDataOwner, kNoGroup}), kAnswer);
}

TEST_F(ControlAccess, AGroupThatTheDirectoryKeepsOutStaysOut) {
  start(0700);
  EXPECT_EQ(ask({kOther, kGroup}), "no way");
  EXPECT_EQ(ask({kDataOwner, kGroup}), kAnswer);
}

}  // namespace
}  // namespace rookery::system_test
