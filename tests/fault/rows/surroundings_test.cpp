// What surrounds the server: memory and limits, the operator's console, standard output and errors, and what is left
// over after many lives. The numbers are those of the fault matrix.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "tests/fault/rows/server_by_shell.h"
#include "tests/support/driven_programs.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

// A start that must fail for want of memory, in order and with words.
void expect_no_memory(const std::string& limit) {
  ServerByShell server(limit + R"(; exec "$@")", {"--workers", "2"});
  EXPECT_EQ(server.program().wait(), 70) << server.log();
  EXPECT_THAT(server.log(), testing::AnyOf(HasSubstr("shared memory"), HasSubstr("shared region")));
  EXPECT_EQ(server.output(), "");
  EXPECT_TRUE(processes_in_group(server.pid()).empty());
}

TEST(Supervision, Row42_SharedMemoryThatCannotBeHadIsAnErrorAtStart) {
  expect_no_memory("ulimit -f 2000");  // of 512 bytes: the log ring alone has 16 MiB
  if (kSanitized) return;              // they take terabytes of addresses for themselves
  expect_no_memory("ulimit -v 60000");
}

// A user who may have two processes: the master and the ledger, whose first thread would be the third.
TEST(Supervision, Row42_AThreadThatCannotBeHadAtTheStartIsNoMistakeOfTheConfiguration) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  if (kSanitized) GTEST_SKIP() << "a sanitizer starts threads of its own";
  const test::TemporaryDirectory home;
  const std::string user = std::to_string(60'000 + ::getpid() % 5'000);
  const std::string data = (home.path() / "data").string();
  ServerByShell server("chmod 755 '" + home.path().string() + "'; mkdir '" + data + "'; chown " + user + " '" + data +
                           "'; exec setpriv --reuid=" + user + R"( --clear-groups prlimit --nproc=2:2 "$@")",
                       {"--workers", "1", "--data", data});
  EXPECT_EQ(server.program().wait(), 70) << server.log();
  EXPECT_EQ(server.output(), "");
}

TEST(Supervision, AsManyWorkersAsItMayHaveProcessors) {
  ServerByShell server(R"(first=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//'); exec taskset -c "$first" "$@")", {});
  server.wait_until_ready();
  EXPECT_THAT(server.output(), HasSubstr(" workers=1 "));
  EXPECT_EQ(server.stop(), 0);
}

class RawConsole final {
 public:
  explicit RawConsole(const std::filesystem::path& data)
      : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (data / "control.sock").string().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("no control socket");
  }
  ~RawConsole() { ::close(descriptor_); }
  RawConsole(const RawConsole&) = delete;
  RawConsole& operator=(const RawConsole&) = delete;

  // As much as is taken at once, and no error where the server has hung up.
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void shut_down_sending() const { ::shutdown(descriptor_, SHUT_WR); }
  [[nodiscard]] std::string read_to_end() const {
    std::string all;
    std::array<char, 4096> bytes{};
    for (ssize_t count; (count = ::recv(descriptor_, bytes.data(), bytes.size(), 0)) > 0;)
      all.append(bytes.data(), static_cast<std::size_t>(count));
    return all;
  }

 private:
  int descriptor_;
};

TEST(Supervision, Row62_NobodyAtTheConsoleHoldsTheMasterUp) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  const std::size_t kClients = kSanitized ? 100 : 600;
  std::vector<std::unique_ptr<TextClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<TextClient>(server.port()));
    if (i % 50 == 0) clients.back()->sync();
  }
  eventually("all are there", [&] { return server.client_count() == kClients; });
  const auto still_answers = [&] {
    EXPECT_EQ(server.console("count"), "OK " + std::to_string(kClients) + " clients\n");
  };

  // Who asks and never reads.
  std::vector<std::unique_ptr<RawConsole>> deaf;
  for (int i = 0; i < 8; ++i) {
    deaf.push_back(std::make_unique<RawConsole>(data.path()));
    for (int line = 0; line < 50; ++line) deaf.back()->send("list\n");
  }
  still_answers();

  const RawConsole garbage(data.path());
  garbage.send(std::string_view("\0\xff\xfe\r\x1b[2J\0\n", 10));
  EXPECT_THAT(garbage.read_to_end(), testing::StartsWith("ERR "));
  still_answers();

  const RawConsole endless(data.path());
  endless.send(std::string(1024 * 1024, 'x'));
  endless.send("\n");
  static_cast<void>(endless.read_to_end());  // an error, or nothing but the end: the server takes no megabyte
  still_answers();

  const RawConsole silent(data.path());
  silent.shut_down_sending();
  static_cast<void>(silent.read_to_end());
  still_answers();

  const std::string list = server.console("list");
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(list, '\n')), kClients + 2);

  server.program().close_input();  // the end of standard input is not the end of the server
  still_answers();
  EXPECT_EQ(clients.front()->ask("hello"), "Echo: hello");
  EXPECT_LT(memory_bytes(server.pid()), static_cast<std::uint64_t>(64 * kSlowness) << 20);
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  ::bind(socket, reinterpret_cast<const sockaddr*>(&address), bytes);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &bytes);
  ::close(socket);
  return ::ntohs(address.sin_port);
}

TEST(Supervision, Row63_WithoutStandardStreamsItServes) {
  const std::uint16_t port = free_port();
  ServerByShell server(R"(exec "$@" <&- >&- 2>&-)", {"--workers", "2"}, ServerByShell::Adopts::No,
                       std::to_string(port));
  server.wait_until_it_answers();
  for (const char* number : {"0", "1", "2"})  // or a file of the server's would get what is meant for people
    EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(server.pid()) + "/fd/" + number), "/dev/null");
  TextClient client(port);
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
  EXPECT_TRUE(client.ask("/say #lobby into the void").starts_with("OK "));
  ::kill(server.pid_of("worker 0"), SIGKILL);
  eventually("it is replaced", [&] { return server.restarts() == 1; });
  EXPECT_EQ(server.stop(), 0);
}

TEST(Supervision, Row63_ALogThatNobodyReadsIsDroppedAndCounted) {
  const TemporaryDirectory files;
  const std::string fifo = (files.path() / "log").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const int reader = ::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);  // and does not read
  ASSERT_GE(::fcntl(reader, F_SETPIPE_SZ, 4096), 4096);
  ServerByShell server("exec \"$@\" 2>" + fifo, {"--workers", "1", "--log-level", "debug"});
  server.wait_until_ready();
  for (int i = 0; i < 200; ++i) {  // two lines each: more than this pipe holds, less than is left out
    TextClient client(server.port());
    if (i % 20 == 0) {
      EXPECT_EQ(client.ask("hello"), "Echo: hello");
    }
  }
  TextClient client(server.port());
  EXPECT_TRUE(client.ask("/say #lobby all is well").starts_with("OK "));

  std::string log;
  const auto read_on = [&] {
    std::array<char, 65536> bytes{};
    for (ssize_t count; (count = ::read(reader, bytes.data(), bytes.size())) > 0;)
      log.append(bytes.data(), static_cast<std::size_t>(count));
  };
  read_on();
  TextClient another(server.port());
  EXPECT_EQ(another.ask("hello"), "Echo: hello");
  eventually("the log says what is missing", [&] {
    read_on();
    return log.find("lines before this one were dropped") != std::string::npos;
  });
  EXPECT_EQ(server.stop(), 0);
  ::close(reader);
}

// 52 lives. More than four deaths of one worker in ten seconds would park it: so many workers, few deaths each.
TEST(Supervision, Row64_ManyRestartsLeaveNothingBehind) {
  const int kWorkers = kSanitized ? 4 : 13;
  ServerProcess server({"--workers", std::to_string(kWorkers)});
  const auto kill_all = [&] {
    std::vector<pid_t> victims;
    for (int worker = 0; worker < kWorkers; ++worker) victims.push_back(server.worker_pid(worker));
    for (const pid_t pid : victims) server.kill_child(pid);
    server.wait_until_all_serve(victims);
  };
  kill_all();  // what is made once has been made then
  const auto regions = [&] { return open_regions(server.pid()).size(); };
  const std::size_t descriptors = descriptor_count(server.pid()), open = regions();
  const std::size_t of_ledger = descriptor_count(server.ledger_pid());
  const std::size_t mapped = mapped_regions(server.pid()).size();
  const std::uint64_t memory = memory_bytes(server.pid());
  for (int round = 0; round < 3; ++round) kill_all();
  eventually("as many descriptors as before", [&] { return descriptor_count(server.pid()) == descriptors; });
  EXPECT_EQ(regions(), open);
  EXPECT_EQ(descriptor_count(server.ledger_pid()), of_ledger);
  EXPECT_EQ(mapped_regions(server.pid()).size(), mapped);
  if (!kSanitized) {
    EXPECT_LT(memory_bytes(server.pid()), memory + (std::uint64_t{1} << 20));
  }
  EXPECT_EQ(children_of(server.pid()).size(), static_cast<std::size_t>(kWorkers) + 1);
}

TEST(Supervision, AMistypedVariableIsTold) {
  const TemporaryDirectory data, files;
  ChildProgram program({{test::program("rookery-master"), "--port", "0", "--data", data.path().string()},
                        files.path(),
                        std::nullopt,
                        {"ROOKERY_WROKERS=1", "ROOKERY_LOOPS=1"}});
  eventually("READY", [&] { return program.output().starts_with("READY "); });
  EXPECT_THAT(
      program.errors(),
      HasSubstr("warning: environment variable ROOKERY_WROKERS means nothing here (did you mean ROOKERY_WORKERS?)"));
  EXPECT_EQ(program.errors().find("ROOKERY_LOOPS"), std::string::npos);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

}  // namespace
}  // namespace rookery::system_test
