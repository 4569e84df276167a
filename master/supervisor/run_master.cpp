#include "master/supervisor/run_master.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/sandbox/sandbox.h"
#include "master/options/options.h"
#include "master/supervisor/activation.h"
#include "master/supervisor/master.h"
#include "master/supervisor/start_error.h"
#include "master/upgrade/kept_options.h"
#include "master/upgrade/own_program.h"
#include "master/upgrade/predecessor.h"

namespace rookery::master {

namespace {

// Where one of them is closed, the next file we open would take its number and get what is meant for people.
void fill_standard_streams() noexcept {
  int descriptor;
  do descriptor = ::open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor > STDERR_FILENO) ::close(descriptor);
}

int complain(int exit_code, const std::string& why) {
  fmt::print(stderr, "rookery-master: {}\n", why);
  return exit_code;
}

// What the operator asked for, or the exit code.
std::variant<Options, int> options_of(const std::vector<std::string>& arguments, std::optional<Predecessor>& before) {
  const std::vector<std::string> words(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  auto parsed = parse_options(words);
  if (const auto* leave = std::get_if<Exit>(&parsed)) {
    if (before) before->go_back(leave->err.substr(0, leave->err.find('\n')));
    std::fputs(leave->out.c_str(), stdout);
    std::fputs(leave->err.c_str(), stderr);
    return leave->code;
  }
  if (const auto why = fault::configure(std::getenv("ROOKERY_FAULT"))) {
    if (before) before->go_back(*why);
    return complain(EX_CONFIG, *why);
  }
  return std::get<Options>(std::move(parsed));
}

}  // namespace

int run_master(const std::vector<std::string>& arguments) {
  auto before = Predecessor::find(arguments);
  auto asked = options_of(arguments, before);
  if (const int* code = std::get_if<int>(&asked)) return *code;
  Options& options = std::get<Options>(asked);

  fill_standard_streams();
  ::umask(S_IRWXG | S_IRWXO);  // what we write is our user's alone
  LogFile log_file;
  if (!before)
    if (const std::string why = log_file.open(options.log_file); !why.empty()) return complain(EX_CONFIG, why);
  log::start("master", static_cast<log::Level>(options.log_level), static_cast<log::Format>(options.log_format));
  for (const std::string& doubt : options.doubts) log::warning("{}", doubt);

  const auto give_up = [&](int exit_code, const std::string& why) {
    if (before) before->go_back(why);
    log_file.complain(fmt::format("rookery-master: {}\n", why));
    return exit_code;
  };
  if (options.sandbox != Sandbox::Off) {
    for (const std::string& what : sandbox::missing()) {
      if (options.sandbox == Sandbox::Required)
        return give_up(EX_CONFIG, "--sandbox required: this kernel lacks " + what);
      log::warning("sandbox: this kernel lacks {}", what);
    }
  }

  // Outlive the try: what another program has left must be open when it is to have it back.
  std::optional<Foundation> foundation;
  std::optional<Master> master;
  try {
    const std::optional<std::uint32_t> asked_max_clients = options.max_clients;
    const State* const left = before ? &before->read() : nullptr;
    Origin origin{.arguments = arguments, .program = {}, .predecessor = before ? &*before : nullptr};
    Options as_asked = options;
    if (left != nullptr) {
      log_file.inherit(left->first_error_output);
      // Whatever went before goes on where it does not: it is what all have.
      if (const std::string why = log_file.open(options.log_file); !why.empty()) log::error("{}", why);
      for (const std::string& note : keep_options(left->kept, options)) log::warning("{}", note);
      origin.program = left->program;
      as_asked = options;
      as_asked.max_clients = asked_max_clients;
      if (left->workers_asked > 0)
        as_asked.workers = left->workers_asked;  // the scale is kept, so a reload must see it
      foundation.emplace(options, *left, log_file);
    } else {
      origin.program = path_of_own_program(arguments);
      std::optional<Listener> passed = activated_listener();
      if (passed) {
        log::info(
            "the service manager passed the socket of {} port {}: --host and --port, here {} and {}, are not asked",
            passed->host, passed->port, options.host, options.port);
        options.host = passed->host;  // also what --allow-guests goes by
        options.port = passed->port;
        options.activated = true;
      }
      foundation.emplace(options, std::move(passed), log_file);
      as_asked = options;
    }
    const Outcome outcome = master.emplace(options, std::move(as_asked), *foundation, std::move(origin)).run(left);
    if (!outcome.why.empty()) log_file.complain(fmt::format("rookery-master: {}\n", outcome.why));
    return outcome.exit_code;
  } catch (const StartError& error) {
    return give_up(error.exit_code(), error.what());
  } catch (const std::exception& error) {
    return give_up(EX_SOFTWARE, error.what());
  }
}

}  // namespace rookery::master
