// What a process that was taken over gets at: a worker and the ledger of a real server try it themselves
// (tests/fault/points/attempts.h), once in the sandbox and once without, so that an attempt that would fail anyway is
// not taken for one that was refused.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using fault::Attempt;
using testing::HasSubstr;

// A directory with a file and a socket that listens, and a port that does.
class Prey final {
 public:
  Prey()
      : tcp_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        unix_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    std::ofstream(directory_.path() / "file") << "secret\n";
    sockaddr_in port{};
    port.sin_family = AF_INET;
    port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof port;
    EXPECT_EQ(::bind(tcp_, reinterpret_cast<const sockaddr*>(&port), bytes), 0);
    EXPECT_EQ(::getsockname(tcp_, reinterpret_cast<sockaddr*>(&port), &bytes), 0);
    port_ = ntohs(port.sin_port);
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    (directory_.path() / "socket").string().copy(path.sun_path, sizeof path.sun_path - 1);
    EXPECT_EQ(::bind(unix_, reinterpret_cast<const sockaddr*>(&path), sizeof path), 0);
    EXPECT_EQ(::listen(tcp_, 8), 0);
    EXPECT_EQ(::listen(unix_, 8), 0);
  }
  ~Prey() {
    ::close(tcp_);
    ::close(unix_);
  }
  Prey(const Prey&) = delete;
  Prey& operator=(const Prey&) = delete;

  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_.path(); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  TemporaryDirectory directory_;
  int tcp_;
  int unix_;
  std::uint16_t port_ = 0;
};

std::vector<Attempt> all_that_is_survived() {
  std::vector<Attempt> result;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(fault::kFirstDeadly); ++i)
    result.push_back(static_cast<Attempt>(i));
  return result;
}

// Sanitizers need them (ipc/sandbox/sanitized.h).
bool is_left_open_for_sanitizers(Attempt attempt) {
  return std::set{Attempt::OpenToRead, Attempt::ListDirectory, Attempt::LookAtFile, Attempt::Fork, Attempt::ChangeLimit}
      .contains(attempt);
}

bool needs_root(Attempt attempt) {
  return attempt == Attempt::RawSocket || attempt == Attempt::NewNamespace;
}

struct Case {
  const char* role;
  const char* point;
  const char* model = "event";
};
void PrintTo(const Case& which, std::ostream* out) {
  *out << which.role << " " << which.model;
}

class EachRole : public testing::TestWithParam<Case> {
 protected:
  EachRole() : faults_(std::string(GetParam().point) + ":attempts") {
    faults_.surround(prey_.directory(), prey_.port());
  }

  // A server in which the attempts have been made, and which still serves.
  void have_it_tried(const char* sandbox) {
    server_.emplace(faults_,
                    std::vector<std::string>{"--workers", "1", "--model", GetParam().model, "--sandbox", sandbox});
    make_account(*server_, "alice");  // the pool hashes
    TextClient alice(server_->port());
    alice.ask("/join #den");
    EXPECT_EQ(alice.ask("/say #den hello").substr(0, 2), "OK");
    eventually("all is tried", [&] { return faults_.outcome(Attempt::Memfd) != 0; });
    EXPECT_EQ(alice.ask("/say #den still here").substr(0, 2), "OK");
    for (const ProcessRow& row : server_->processes()) EXPECT_EQ(row.restarts, 0u);
  }

  Prey prey_;
  FaultSwitch faults_;
  std::optional<ServerProcess> server_;
};

TEST_P(EachRole, IsRefusedAndServesOn) {
  have_it_tried("required");
  for (const Attempt attempt : all_that_is_survived()) {
    if (kSanitized && is_left_open_for_sanitizers(attempt)) continue;
    // Landlock is about what is in a file, not about its name: the ledger may ask for the size of any.
    if (std::string_view(GetParam().role) == "ledger" && attempt == Attempt::LookAtFile) continue;
    EXPECT_THAT(faults_.outcome(attempt), testing::AnyOf(EPERM, EACCES)) << name_of(attempt);
  }
  EXPECT_TRUE(std::filesystem::exists(prey_.directory() / "file"));
}

TEST_P(EachRole, CouldDoAllThatWithoutASandbox) {
  // Thread of the pool and loop have each their own descriptor 3, which it takes for one.
  if (test::sanitizer() == test::Sanitizer::Thread && GetParam().role == std::string_view("pool"))
    GTEST_SKIP() << "ThreadSanitizer knows of one table of descriptors for all threads";
  have_it_tried("off");
  for (const Attempt attempt : all_that_is_survived()) {
    if (::geteuid() != 0 && needs_root(attempt)) continue;
    EXPECT_EQ(faults_.outcome(attempt), fault::kSucceeded) << name_of(attempt);
  }
}

INSTANTIATE_TEST_SUITE_P(Sandbox, EachRole,
                         testing::Values(Case{"worker", "worker.after_parse"},
                                         Case{"worker", "worker.after_parse", "thread-per-client"},
                                         Case{"pool", "worker.in_login_hash"}, Case{"ledger", "ledger.after_read"}),
                         [](const auto& which) {
                           return which.param.role +
                                  std::string(which.param.model == std::string_view("event") ? "" : "_with_threads");
                         });

TEST(Sandbox, AWorkerCannotMakeAConnectionOfTheListener) {
  for (const char* model : {"event", "thread-per-client"}) {
    for (const bool sandboxed : {true, false}) {
      const Prey prey;
      FaultSwitch faults("worker.after_parse:attempt:" +
                         std::to_string(static_cast<std::uint32_t>(Attempt::ListenerConnects)));
      faults.surround(prey.directory(), prey.port());
      ServerProcess server(faults, {"--workers", "1", "--model", model, "--sandbox", sandboxed ? "on" : "off"});
      EXPECT_EQ(TextClient(server.port()).ask("hello"), "Echo: hello");
      EXPECT_EQ(faults.outcome(Attempt::ListenerConnects), sandboxed ? EPERM : fault::kSucceeded) << model;
    }
  }
}

// How a worker ends that tries `attempt` once, and what the log says of it.
std::string log_after(Attempt attempt, const char* sandbox) {
  const Prey prey;
  FaultSwitch faults("worker.after_parse:attempt:" + std::to_string(static_cast<std::uint32_t>(attempt)));
  faults.surround(prey.directory(), prey.port());
  ServerProcess server(faults, {"--workers", "1", "--sandbox", sandbox});
  server.expect_alerts();
  EXPECT_EQ(TextClient(server.port()).ask("hello"), "Echo: hello") << "by a successor, if need be";
  const bool survived = faults.outcome(attempt) == fault::kSucceeded;
  if (!survived) eventually("a worker has ended", [&] { return server.log().find("ended: ") != std::string::npos; });
  server.stop();
  return (survived ? "survived\n" : "") + server.log();
}

TEST(Sandbox, WhatOnlyAnAttackerTriesEndsTheWorkerAndItsClientsAreCarriedOn) {
  for (const Attempt attempt : {Attempt::Execute, Attempt::TraceMaster, Attempt::ReadMastersMemory, Attempt::LoadBpf}) {
    if (kSanitized && (attempt == Attempt::TraceMaster || attempt == Attempt::ReadMastersMemory)) continue;
    SCOPED_TRACE(name_of(attempt));
    EXPECT_THAT(log_after(attempt, "on"),
                testing::AllOf(HasSubstr("ended: signal 31"), HasSubstr("the sandbox ended it"),
                               testing::Not(HasSubstr("survived"))));
  }
  EXPECT_THAT(log_after(Attempt::Execute, "off"), HasSubstr("ended: exit code 0")) << "it had become /bin/true";
  EXPECT_THAT(log_after(Attempt::ReadMastersMemory, "off"), HasSubstr("survived"));
}

TEST(Sandbox, WhoseLineMakesAWorkerAttackIsShutOut) {
  FaultSwitch faults("worker.poison_line:attempt:" + std::to_string(static_cast<std::uint32_t>(Attempt::Execute)) +
                     ":1+");
  ServerProcess server(faults, {"--workers", "3"});
  server.expect_alerts();
  eventually("the offender is refused", [&] {
    TextClient client(server.port(), {.receive_buffer_bytes = 0, .source = "127.0.0.2"});
    client.send_line("poison pill");
    client.read_to_end();
    return !client.lines().empty() && client.lines().back().starts_with("ERR rate-limited");
  });
  EXPECT_EQ(TextClient(server.port()).ask("hello"), "Echo: hello");
  EXPECT_THAT(server.console("workers"), HasSubstr("shut-out 127.0.0.2"));
}

class OlderKernel : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] static std::vector<std::string> with(const TemporaryDirectory& data, const std::string& sandbox) {
    return {test::program("rookery-older-kernel"),
            GetParam(),
            test::program("rookery-master"),
            "--port",
            "0",
            "--data",
            data.path().string(),
            "--workers",
            "1",
            "--sandbox",
            sandbox};
  }
};

TEST_P(OlderKernel, IsServedOnWithWhatItHasAndTheLogSaysWhatIsMissing) {
  const TemporaryDirectory data, files;
  ChildProgram server({with(data, "on"), files.path(), {}, {}});
  eventually("READY", [&] { return server.output().starts_with("READY ") && server.output().ends_with("\n"); });
  TextClient alice(static_cast<std::uint16_t>(std::stoi(server.output().substr(server.output().find("port=") + 5))));
  EXPECT_THAT(alice.ask("/say #lobby hello"), testing::StartsWith("OK"));
  alice.close();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_THAT(server.errors(), HasSubstr("sandbox: this kernel lacks Landlock"));
  EXPECT_EQ(server.errors().find("this kernel lacks seccomp") != std::string::npos,
            GetParam() == std::string_view("all"));
}

TEST_P(OlderKernel, IsRefusedWhereTheSandboxIsRequired) {
  const TemporaryDirectory data, files;
  ChildProgram server({with(data, "required"), files.path(), {}, {}});
  EXPECT_EQ(server.wait(), 78);
  EXPECT_THAT(server.errors(), HasSubstr("--sandbox required: this kernel lacks "));
}

INSTANTIATE_TEST_SUITE_P(Sandbox, OlderKernel, testing::Values("landlock", "all"),
                         [](const auto& which) { return std::string(which.param); });

// What /proc/PID/status says behind `key`.
std::string status_of(pid_t pid, const std::string& key) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key + ":")) return line.substr(line.find_first_not_of(" \t", key.size() + 1));
  return {};
}

TEST(Sandbox, AMasterKeepsWhatItNeeds) {
  const Prey prey;
  std::string rules;
  const std::vector<Attempt> refused{Attempt::TcpConnect, Attempt::UdpSocket,    Attempt::NetlinkSocket,
                                     Attempt::RawSocket,  Attempt::NewNamespace, Attempt::LoadBpf};
  for (const Attempt attempt : refused)
    rules += (rules.empty() ? "" : ",") +
             ("master.after_hold:attempt:" + std::to_string(static_cast<std::uint32_t>(attempt)));
  FaultSwitch faults(rules);
  faults.surround(prey.directory(), prey.port());
  ServerProcess server(faults, {"--workers", "1", "--sandbox", "required"});
  TextClient alice(server.port());
  eventually("all is tried", [&] { return faults.outcome(refused.back()) != 0; });
  for (const Attempt attempt : refused)
    EXPECT_THAT(faults.outcome(attempt), testing::AnyOf(EPERM, EACCES)) << name_of(attempt);
  EXPECT_EQ(alice.ask("hello"), "Echo: hello");
  EXPECT_EQ(status_of(server.pid(), "NoNewPrivs"), "1");
}

TEST(Sandbox, ChildrenHaveNoPrivilegesLeft) {
  constexpr std::uint64_t kForeignFiles = 0b1111;  // CAP_CHOWN, _DAC_OVERRIDE, _DAC_READ_SEARCH, _FOWNER
  const ServerProcess server({"--workers", "1"});
  for (const char* set : {"CapEff", "CapPrm", "CapInh", "CapAmb"}) {
    EXPECT_EQ(std::stoull(status_of(server.worker_pid(0), set), nullptr, 16), 0u) << set;
    EXPECT_EQ(std::stoull(status_of(server.ledger_pid(), set), nullptr, 16) & ~kForeignFiles, 0u) << set;
  }
}

// One filter on top of the other would make each system call dearer, and the kernel takes 16 Landlock domains.
TEST(Sandbox, UpgradesDoNotPileUpFilters) {
  const int kUpgrades = kSanitized ? 3 : 20;
  const Prey prey;
  FaultSwitch faults;
  faults.surround(prey.directory(), prey.port());
  ServerProcess server(faults, {"--workers", "1", "--sandbox", "required"});
  TextClient alice(server.port());
  const std::string of_master = status_of(server.pid(), "Seccomp_filters");
  const std::string of_worker = status_of(server.worker_pid(0), "Seccomp_filters");
  for (int i = 0; i < kUpgrades; ++i) EXPECT_THAT(server.console("upgrade"), testing::StartsWith("OK upgraded"));
  EXPECT_EQ(status_of(server.pid(), "Seccomp_filters"), of_master);
  EXPECT_EQ(status_of(server.worker_pid(0), "Seccomp_filters"), of_worker);
  faults.set("worker.after_parse:attempts");
  EXPECT_EQ(alice.ask("hello"), "Echo: hello");
  EXPECT_EQ(faults.outcome(Attempt::OpenToWrite), EPERM);
}

TEST(Sandbox, AWorkersDescriptorsAreOfKnownKinds) {
  const ServerProcess server({"--workers", "2", "--loops", "2"});
  TextClient alice(server.port());
  make_account(server, "alice");
  for (int worker = 0; worker < 2; ++worker) {
    const std::filesystem::path descriptors = "/proc/" + std::to_string(server.worker_pid(worker)) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator(descriptors)) {
      const int number = std::stoi(entry.path().filename());
      const std::string what = std::filesystem::read_symlink(entry.path());
      if (number <= STDOUT_FILENO) {
        EXPECT_EQ(what, "/dev/null") << number;
      } else if (number > STDERR_FILENO) {  // that is the log
        EXPECT_THAT(what, testing::AnyOf(testing::StartsWith("socket:["), testing::StartsWith("pipe:["),
                                         "anon_inode:[eventpoll]", testing::StartsWith("/memfd:rookery-")))
            << number;
      }
    }
  }
}

}  // namespace
}  // namespace rookery::system_test
