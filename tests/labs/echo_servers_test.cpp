// echo-servers: the four servers under its own load, and each as people try it with nc.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ipc/os/file_descriptor.h"
#include "tests/client/child_process.h"
#include "tests/labs/lab_run.h"
#include "tests/support/driven_programs.h"

namespace rookery::labs {
namespace {

struct Figures {
  double per_second = 0;
  int at_once = 0;
  double median_wait_ms = 0;
  double longest_wait_ms = 0;
  int failed = -1;
};

Figures figures_of(const LabRun& run, const std::string& title) {
  Figures figures;
  const std::size_t place = run.find(title);
  if (place < run.lines.size()) {
    std::istringstream row(run.lines[place].substr(run.lines[place].find(title) + title.size()));
    row >> figures.per_second >> figures.at_once >> figures.median_wait_ms >> figures.longest_wait_ms >> figures.failed;
  }
  EXPECT_GE(figures.failed, 0) << "no figures of " << title << " in:\n" << run.output() << run.errors;
  return figures;
}

// Without much of the second part.
LabRun run_come_and_go(const std::string& options) {
  return run_lab("echo-servers --staying 1 --stay 10 --patience 30000 " + options);
}

const std::string kOne = "one client at a time";
const std::string kThreads = "a thread per client";
const std::string kPool = "a pool of threads";
const std::string kPreFork = "processes forked before";

TEST(EchoServersLab, EveryServerAnswersEverything) {
  const LabRun run = run_come_and_go("--clients 4 --rounds 2 --requests 3 --think 2 --hands 2");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_EQ(run.errors, "");  // of the servers' processes too: no sanitizer has found anything
  for (const std::string& title : {kOne, kThreads, kPool, kPreFork}) EXPECT_EQ(figures_of(run, title).failed, 0);
}

TEST(EchoServersLab, NoneServesMoreAtATimeThanItCan) {
  const LabRun run = run_come_and_go("--clients 6 --rounds 3 --requests 3 --think 2 --hands 2");
  EXPECT_EQ(figures_of(run, kOne).at_once, 1) << run.output();
  EXPECT_LE(figures_of(run, kThreads).at_once, 6) << run.output();
  EXPECT_LE(figures_of(run, kPool).at_once, 2) << run.output();
  EXPECT_LE(figures_of(run, kPreFork).at_once, 2) << run.output();
}

// What the figures are for.
TEST(EchoServersLab, WhoServesMoreAtATimeServesSooner) {
  LabRun run;
  EXPECT_TRUE(eventually([&run] {
    run = run_come_and_go("--clients 6 --rounds 2 --requests 3 --think 20 --hands 3");
    const Figures one = figures_of(run, kOne);
    const Figures threads = figures_of(run, kThreads);
    bool as_told =
        threads.at_once == 6 && threads.median_wait_ms < one.median_wait_ms && threads.per_second > one.per_second;
    for (const std::string& some : {kPool, kPreFork}) {
      const Figures figures = figures_of(run, some);
      as_told = as_told && figures.at_once == 3 && figures.median_wait_ms < one.median_wait_ms &&
                figures.per_second > one.per_second && figures.per_second < threads.per_second;
    }
    return as_told;
  })) << run.output();
}

// One client at a time: nothing is done while it thinks, three times 10 ms in each conversation.
TEST(EchoServersLab, OneAtATimeThinksInTurn) {
  const LabRun run = run_come_and_go("--clients 4 --rounds 2 --requests 3 --think 10");
  EXPECT_LT(figures_of(run, kOne).per_second, 1000.0 / (3 * 10)) << run.output();
}

// Three clients who stay, at one server.
LabRun run_staying(const std::string& model, const std::string& options) {
  return run_lab("echo-servers --clients 1 --rounds 1 --think 0 --staying 3 --only " + model + " " + options);
}

// How many of the three have had no answer, by the row of the second table; 0 if none: then it could begin.
std::optional<int> left_out(const LabRun& run) {
  const std::size_t place = run.find("clients who stay") + 2;  // behind the heading
  if (place >= run.lines.size()) return std::nullopt;
  const std::string& row = run.lines[place];
  const std::string begin = "could not begin: ";
  if (const std::size_t reason = row.find(begin); reason != std::string::npos)
    return row.find("of 3 clients have had no answer") == std::string::npos
               ? std::optional<int>()
               : std::stoi(row.substr(reason + begin.size()));
  return row.ends_with("no") ? std::optional(0) : std::nullopt;  // faults
}

// They are patient, so that a busy machine has the time it needs.
TEST(EchoServersLab, WhoHasAHandServesThoseWhoStay) {
  for (const char* const model : {"threads", "pool", "prefork"}) {
    const LabRun run = run_staying(model, "--hands 3 --stay 200 --patience 100000");
    EXPECT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_EQ(left_out(run), 0) << run.output();
  }
}

// Here nobody gets an answer by waiting longer. A busy machine may leave out more than that.
TEST(EchoServersLab, WhoStaysKeepsTheOthersOut) {
  const std::array<std::pair<const char*, int>, 3> at_least{{{"one", 2}, {"pool", 1}, {"prefork", 1}}};
  for (const auto& [model, kept_out] : at_least) {
    const LabRun run = run_staying(model, "--hands 2 --stay 100 --patience 500");
    EXPECT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_GE(left_out(run).value_or(-1), kept_out) << run.output();
  }
}

class Served {
 public:
  explicit Served(const std::string& model)
      : lab_(client::ChildProcess::Stdio::Pipes,
             {test::program("rookery-lab"), "echo-servers", "--serve", model, "--hands", "2", "--seconds", "100"}, {}) {
    lab_.read_until("nc 127.0.0.1 ");
    port_ = static_cast<std::uint16_t>(std::stoi(lab_.read_until("\n")));
  }

  [[nodiscard]] os::FileDescriptor connect() const {
    os::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

 private:
  client::ChildProcess lab_;
  std::uint16_t port_ = 0;
};

void say_to(const os::FileDescriptor& socket, std::string_view bytes) {
  EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

bool answered_within(const os::FileDescriptor& socket, int milliseconds) {
  pollfd wanted{socket.get(), POLLIN, 0};
  return ::poll(&wanted, 1, milliseconds) == 1;
}

std::string answer(const os::FileDescriptor& socket) {
  std::string bytes;
  char byte = 0;
  while (answered_within(socket, 60'000) && ::recv(socket.get(), &byte, 1, 0) == 1 && byte != '\n') bytes += byte;
  return bytes;
}

TEST(EchoServersLab, EachServesPeople) {
  for (const char* const model : {"one", "threads", "pool", "prefork"}) {
    const Served served(model);
    const os::FileDescriptor client = served.connect();
    say_to(client, "hel");
    say_to(client, "lo\nand two\r\nmo");
    EXPECT_EQ(answer(client), "Echo: hello") << model;
    EXPECT_EQ(answer(client), "Echo: and two") << model;
    say_to(client, "re\n");
    EXPECT_EQ(answer(client), "Echo: more") << model;
  }
}

TEST(EchoServersLab, OneTooManyWaitsUntilSomebodyLeaves) {
  const std::array<std::pair<const char*, int>, 3> at_once{{{"one", 1}, {"pool", 2}, {"prefork", 2}}};
  for (const auto& [model, served_at_once] : at_once) {
    const Served served(model);
    std::vector<os::FileDescriptor> clients;
    for (int i = 0; i < served_at_once; ++i) {
      clients.push_back(served.connect());
      say_to(clients.back(), "me\n");
      EXPECT_EQ(answer(clients.back()), "Echo: me") << model;
    }
    const os::FileDescriptor late = served.connect();
    say_to(late, "and me\n");
    EXPECT_FALSE(answered_within(late, 100)) << model;
    clients.pop_back();
    EXPECT_EQ(answer(late), "Echo: and me") << model;
  }
}

std::vector<pid_t> children_of(pid_t parent) {
  std::ifstream list("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  return {std::istream_iterator<pid_t>(list), {}};
}

bool closed(const os::FileDescriptor& socket) {
  char byte = 0;
  return answered_within(socket, 60'000) && ::recv(socket.get(), &byte, 1, 0) <= 0;
}

TEST(EchoServersLab, AWorkerForkedBeforeDiesAloneAndIsReplaced) {
  const Served served("prefork");
  std::array<os::FileDescriptor, 2> clients{served.connect(), served.connect()};
  for (const os::FileDescriptor& client : clients) {
    say_to(client, "me\n");
    EXPECT_EQ(answer(client), "Echo: me");
  }
  const std::vector<pid_t> labs = children_of(::getpid());
  ASSERT_EQ(labs.size(), 1U);
  const std::vector<pid_t> servers = children_of(labs[0]);
  ASSERT_EQ(servers.size(), 1U);
  const std::vector<pid_t> workers = children_of(servers[0]);
  ASSERT_EQ(workers.size(), 2U);
  ::kill(workers[0], SIGKILL);

  const os::FileDescriptor late = served.connect();  // nobody but the dead one's successor has time for it
  say_to(late, "and me\n");
  EXPECT_EQ(answer(late), "Echo: and me");
  const std::size_t other = answered_within(clients[0], 0) ? 1 : 0;
  EXPECT_TRUE(closed(clients[1 - other]));
  say_to(clients[other], "still here\n");
  EXPECT_EQ(answer(clients[other]), "Echo: still here");
}

TEST(EchoServersLab, AnUnknownModelIsAUsageError) {
  for (const char* const option : {"--serve", "--only"}) {
    const LabRun run = run_lab("echo-servers " + std::string(option) + " select");
    EXPECT_EQ(run.exit_code, 64) << option;
    EXPECT_TRUE(run.lines.empty()) << run.output();
  }
}

}  // namespace
}  // namespace rookery::labs
