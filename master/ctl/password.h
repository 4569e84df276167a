// master/ctl/password.h
//
// A password from whoever runs the tool. It never stands on a command line, where every user of the machine could read
// it, and never leaves this process but as a hash.
#pragma once

#include <stdexcept>
#include <string>

#include "ipc/auth/secret.h"

namespace rookery::ctl {

class NoPassword : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// At a terminal asked for twice, without showing it; else the first line of standard input. Throws NoPassword, with
// what is wrong for people.
[[nodiscard]] auth::Secret ask_for_password(const std::string& account);

}  // namespace rookery::ctl
