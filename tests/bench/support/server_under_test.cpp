#include "tests/bench/support/server_under_test.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"

namespace rookery::bench {

namespace {

constexpr std::chrono::seconds kStartWithin{20};
constexpr int kStopWithinMs = 20'000;
constexpr int kNotStarted = 127;

int run_program(const std::filesystem::path& directory, std::vector<std::string> command) {
  const auto redirect = [&](const char* file, int to, int flags) {
    const int from = ::open((directory / file).c_str(), flags, 0600);
    return from >= 0 && ::dup2(from, to) >= 0;
  };
  if (!redirect("out", STDOUT_FILENO, O_CREAT | O_WRONLY) || !redirect("log", STDERR_FILENO, O_CREAT | O_WRONLY) ||
      !redirect("/dev/null", STDIN_FILENO, O_RDONLY))
    return kNotStarted;
  os::close_all_but({});
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  return kNotStarted;
}

// The number that follows `key`, 0 where there is none.
std::uint64_t number_after(const std::string& text, const std::string& key) {
  const std::size_t at = text.find(key);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

std::string built_server() {
  return ROOKERY_MASTER_PROGRAM;
}

ServerUnderTest::ServerUnderTest(const std::string& program, const std::vector<std::string>& arguments)
    : command_{program, "--port", "0", "--data", (directory_.path() / "data").string()} {
  command_.insert(command_.end(), arguments.begin(), arguments.end());
  start();
}

ServerUnderTest::~ServerUnderTest() {
  // Something has failed: what the server said of it would be gone with the directory.
  if (std::uncaught_exceptions() > 0) fmt::print(stderr, "{}", contents("log"));
  stop();
}

void ServerUnderTest::restart() {
  stop();
  start();
}

void ServerUnderTest::start() {
  const pid_t parent = ::getpid();
  master_ = os::Process::spawn([&] {
    if (!os::tie_to_parent(parent)) return kNotStarted;
    return run_program(directory_.path(), command_);
  });
  wait_until_ready();
  processes_ = load::with_children(master_.pid());
  ledger_ = static_cast<pid_t>(number_after(contents("log"), "ledger pid="));
}

void ServerUnderTest::stop() {
  if (!master_) return;
  master_.signal(SIGTERM);
  pollfd ended{master_.pidfd(), POLLIN, 0};
  if (::poll(&ended, 1, kStopWithinMs) <= 0) master_.signal(SIGKILL);
  ::poll(&ended, 1, -1);
  static_cast<void>(master_.try_wait());
  // What it has said is of a life that is over.
  std::filesystem::remove(directory_.path() / "out");
  std::filesystem::remove(directory_.path() / "log");
}

std::string ServerUnderTest::contents(const char* file) const {
  std::ostringstream text;
  text << std::ifstream(directory_.path() / file).rdbuf();
  return text.str();
}

pid_t ServerUnderTest::worker(int number) const {
  std::istringstream log(contents("log"));
  const std::string name = " worker " + std::to_string(number) + " pid=";
  pid_t newest = 0;
  for (std::string line; std::getline(log, line);)
    if (line.find(" ready after ") != std::string::npos && line.find(name) != std::string::npos)
      newest = static_cast<pid_t>(number_after(line, name));
  return newest;
}

bool ServerUnderTest::ledger_was_replaced() const {
  const std::string log = contents("log");
  const std::size_t serving = log.rfind(", epoch ");
  const std::size_t line = serving == std::string::npos ? 0 : log.rfind("ledger pid=", serving);
  return serving != std::string::npos &&
         number_after(log.substr(line), "ledger pid=") != static_cast<std::uint64_t>(ledger_);
}

void ServerUnderTest::wait_until_ready() {
  const auto deadline = os::Monotonic::now() + kStartWithin;
  for (;;) {
    const std::string out = contents("out");
    if (out.starts_with("READY") && out.ends_with('\n')) {
      port_ = static_cast<std::uint16_t>(number_after(out, "port="));
      return;
    }
    if (master_.try_wait() || os::Monotonic::now() > deadline)
      throw std::runtime_error("the server does not start:\n" + contents("log"));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace rookery::bench
