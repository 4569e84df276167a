#include "client/load/compare/started_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "client/load/compare/interrupt.h"
#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"
#include "ipc/os/pipe.h"
#include "master/ctl/control_client.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kStartWithin = 30s;
constexpr auto kLookEvery = 100ms;  // whether the start is still wanted
constexpr auto kStopWithin = 15s;   // the server forces its own end after five
constexpr auto kAnswerWithin = 10s;
constexpr int kNotStarted = 127;
constexpr std::size_t kShownLogBytes = 2000;

void forget_server_settings() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (name.starts_with("ROOKERY_") || name == "HOST" || name == "PORT") names.emplace_back(name);
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

// Of the child: becomes the server.
int run_program(const std::filesystem::path& directory, int output, std::vector<std::string> command) {
  ::setpgid(0, 0);
  const int nothing = ::open("/dev/null", O_RDONLY);
  const int log = ::open((directory / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  if (nothing < 0 || log < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
      ::dup2(log, STDERR_FILENO) < 0 || ::chdir(directory.c_str()) != 0)
    return kNotStarted;
  os::close_all_but({});
  forget_server_settings();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_DFL);
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  std::fprintf(stderr, "cannot start %s: %s\n", words[0], std::strerror(errno));
  return kNotStarted;
}

// False at the deadline. Interrupted waits go on: this is for what must be waited for.
bool wait_readable(int descriptor, os::Monotonic::time_point deadline) noexcept {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - os::Monotonic::now());
    pollfd waited{descriptor, POLLIN, 0};
    const int count = ::poll(&waited, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::uint32_t number(const std::string& text) {
  return static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 10));
}

}  // namespace

std::filesystem::path server_beside_this_program() {
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "rookery-master";
  if (::access(program.c_str(), X_OK) != 0)
    throw std::runtime_error("there is no server at " + program.string() + "; name one with --server");
  return program;
}

StartedServer::StartedServer(const std::filesystem::path& program, const Shape& shape, std::uint32_t max_clients) {
  std::vector<std::string> command{std::filesystem::absolute(program).string(),
                                   "--host",
                                   "127.0.0.1",
                                   "--port",
                                   "0",
                                   "--data",
                                   (directory_.path() / "data").string(),
                                   "--max-clients",
                                   std::to_string(max_clients),
                                   "--login-grace",
                                   "0"};
  command.insert(command.end(), shape.options.begin(), shape.options.end());
  os::Pipe pipe = os::make_pipe();
  const pid_t parent = ::getpid();
  const auto begun = os::Monotonic::now();
  master_ = os::Process::spawn([&] {
    if (!os::tie_to_parent(parent)) return kNotStarted;
    return run_program(directory_.path(), pipe.write_end.get(), std::move(command));
  });
  output_ = std::move(pipe.read_end);
  pipe.write_end.reset();
  try {
    wait_until_ready();
  } catch (...) {
    stop();  // no destructor runs for what was never finished
    throw;
  }
  start_ms_ = std::chrono::duration<double, std::milli>(os::Monotonic::now() - begun).count();
}

void StartedServer::wait_until_ready() {
  const auto deadline = os::Monotonic::now() + kStartWithin;
  std::string line;
  while (line.find('\n') == std::string::npos) {
    throw_if_interrupted();
    std::array<char, 512> bytes{};
    const auto now = os::Monotonic::now();
    const bool came = wait_readable(output_.get(), std::min(deadline, now + kLookEvery));
    if (!came && now < deadline) continue;
    const ssize_t count = came ? ::read(output_.get(), bytes.data(), bytes.size()) : 0;
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) throw std::runtime_error("the server does not start: " + end_of_log());
    line.append(bytes.data(), static_cast<std::size_t>(count));
  }
  const std::size_t port = line.find(" port=");
  if (!line.starts_with("READY ") || port == std::string::npos)
    throw std::runtime_error("not the server's READY line: " + line);
  endpoint_ = {"127.0.0.1", std::to_string(number(line.substr(port + 6)))};
}

void StartedServer::stop() noexcept {
  if (!master_) return;
  master_.signal(SIGTERM);
  const bool by_itself = wait_readable(master_.pidfd(), os::Monotonic::now() + kStopWithin);
  // Until it is reaped its number, and that of its group, is nobody else's.
  const pid_t group = master_.pid();
  if (!by_itself) {
    master_.signal(SIGKILL);
    static_cast<void>(wait_readable(master_.pidfd(), os::Monotonic::now() + kStopWithin));
  }
  ::kill(-group, SIGKILL);  // a worker that its master has left
  try {
    static_cast<void>(master_.try_wait());
  } catch (const std::exception&) {
    // Somebody else has reaped it: it has ended all the same.
  }
  master_ = {};
}

std::vector<pid_t> StartedServer::processes() const {
  return with_children(master_.pid());
}

std::vector<std::string> StartedServer::ask(const char* command) const {
  std::vector<std::string> lines;
  const ctl::ControlAnswer answer = ctl::ask_server(
      directory_.path() / "data", command, [&](const std::string& line) { lines.push_back(line); }, kAnswerWithin);
  if (answer.result != ctl::ControlResult::Done)
    throw std::runtime_error(fmt::format("the server's console, asked for '{}': {}", command, answer.last_line));
  return lines;
}

// PROCESS NO PID STATE AGE_S RESTARTS HEARTBEAT_MS CLIENTS OUTBOX_WORDS
std::vector<WorkerRow> StartedServer::workers() const {
  std::vector<WorkerRow> rows;
  for (const std::string& line : ask("workers")) {
    const std::vector<std::string> fields = words_of(line);
    if (fields.size() < 8 || fields[0] != "worker") continue;
    rows.push_back({number(fields[1]), static_cast<pid_t>(number(fields[2])), fields[3], number(fields[7])});
  }
  return rows;
}

// ID NAME ADDRESS DIALECT WORKER SINCE MESSAGES
std::map<std::uint16_t, std::uint32_t> StartedServer::worker_of_port() const {
  std::map<std::uint16_t, std::uint32_t> workers;
  for (const std::string& line : ask("list")) {
    const std::vector<std::string> fields = words_of(line);
    const std::size_t colon = fields.size() < 5 ? std::string::npos : fields[2].rfind(':');
    if (colon == std::string::npos) continue;
    workers.emplace(static_cast<std::uint16_t>(number(fields[2].substr(colon + 1))), number(fields[4]));
  }
  return workers;
}

std::string StartedServer::end_of_log() const {
  std::ostringstream contents;
  contents << std::ifstream(directory_.path() / "log").rdbuf();
  std::string text = contents.str();
  if (text.size() > kShownLogBytes) text.erase(0, text.size() - kShownLogBytes);
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? "it said nothing" : text;
}

}  // namespace rookery::load
