// rookery-master: the server.
#include <string>
#include <vector>

#include "master/supervisor/run_master.h"
#include "master/upgrade/rehearse.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (rookery::master::is_rehearsal(arguments)) return rookery::master::rehearse(arguments);
  return rookery::master::run_master(arguments);
}
