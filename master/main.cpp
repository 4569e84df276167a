// rookery-master: the server.
#include <cstdio>
#include <variant>

#include "master/options/options.h"
#include "master/supervisor/run_master.h"

int main(int argc, char** argv) {
  const auto parsed = rookery::master::parse_options(argc, argv);
  if (const auto* leave = std::get_if<rookery::master::Exit>(&parsed)) {
    std::fputs(leave->out.c_str(), stdout);
    std::fputs(leave->err.c_str(), stderr);
    return leave->code;
  }
  return rookery::master::run_master(std::get<rookery::master::Options>(parsed));
}
