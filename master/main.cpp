// rookery-master: the server.
#include <sysexits.h>

#include <cstdio>
#include <cstdlib>
#include <variant>

#include "ipc/fault/fault_point.h"
#include "master/options/options.h"
#include "master/supervisor/run_master.h"

int main(int argc, char** argv) {
  const auto parsed = rookery::master::parse_options(argc, argv);
  if (const auto* leave = std::get_if<rookery::master::Exit>(&parsed)) {
    std::fputs(leave->out.c_str(), stdout);
    std::fputs(leave->err.c_str(), stderr);
    return leave->code;
  }
  if (const auto why = rookery::fault::configure(std::getenv("ROOKERY_FAULT"))) {
    std::fprintf(stderr, "rookery-master: %s\n", why->c_str());
    return EX_CONFIG;
  }
  return rookery::master::run_master(std::get<rookery::master::Options>(parsed));
}
