// tests/client/surroundings.h
//
// What a test of the client changes around it and puts back: a directory of its own, environment variables.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

#include "tests/support/temporary_directory.h"

namespace rookery::client {

using test::TemporaryDirectory;

class ScopedVariable final {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    if (value == nullptr)
      ::unsetenv(name);
    else
      ::setenv(name, value, 1);
  }
  ~ScopedVariable() {
    if (before_)
      ::setenv(name_, before_->c_str(), 1);
    else
      ::unsetenv(name_);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace rookery::client
