// tests/system/harness/configuration.h
//
// A configuration file of a test's own, which it may write anew while a server runs that was started with it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.h"

namespace rookery::system_test {

class Configuration final {
 public:
  explicit Configuration(const std::string& text) { write(text); }
  void write(const std::string& text) const { std::ofstream(path()) << text; }
  [[nodiscard]] std::string path() const { return (files_.path() / "rookery.conf").string(); }
  [[nodiscard]] std::filesystem::path directory() const { return files_.path(); }

 private:
  test::TemporaryDirectory files_;
};

}  // namespace rookery::system_test
