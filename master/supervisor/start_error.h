// master/supervisor/start_error.h
//
// Why the server could not start or had to end: the one line for the operator and the exit code that goes with it.
#pragma once

#include <stdexcept>
#include <string>

namespace rookery::master {

class StartError : public std::runtime_error {
 public:
  StartError(int exit_code, const std::string& what) : std::runtime_error(what), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;  // of <sysexits.h>
};

}  // namespace rookery::master
