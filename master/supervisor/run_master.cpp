#include "master/supervisor/run_master.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

#include "ipc/log.h"
#include "master/supervisor/master.h"
#include "master/supervisor/start_error.h"

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

}  // namespace

int run_master(const Options& options) {
  fill_standard_streams();
  ::umask(S_IRWXG | S_IRWXO);  // what we write is our user's alone
  log::start("master", static_cast<log::Level>(options.log_level));
  for (const std::string& doubt : options.doubts) log::warning("{}", doubt);
  try {
    Foundation foundation(options);
    const Outcome outcome = Master(options, foundation).run();
    return outcome.why.empty() ? outcome.exit_code : complain(outcome.exit_code, outcome.why);
  } catch (const StartError& error) {
    return complain(error.exit_code(), error.what());
  } catch (const std::exception& error) {
    return complain(EX_SOFTWARE, error.what());
  }
}

}  // namespace rookery::master
