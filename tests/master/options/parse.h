// tests/master/options/parse.h
//
// Runs parse_options() as an operator would: with arguments, environment variables and files in a directory of its own.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "master/options/options.h"

namespace rookery::master {

// Sets or removes a variable of this process for as long as it lives.
class TemporaryVariable final {
 public:
  TemporaryVariable(std::string name, const char* value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  ~TemporaryVariable() { set(before_ ? before_->c_str() : nullptr); }
  TemporaryVariable(const TemporaryVariable&) = delete;
  TemporaryVariable& operator=(const TemporaryVariable&) = delete;

 private:
  void set(const char* value) const {
    if (value == nullptr) {
      unsetenv(name_.c_str());
    } else {
      setenv(name_.c_str(), value, 1);
    }
  }

  std::string name_;
  std::optional<std::string> before_;
};

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rookery-options-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
    surroundings.directory = pattern;
  }
  ~OptionsTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(surroundings.directory, ignored);
  }
  OptionsTest(const OptionsTest&) = delete;
  OptionsTest& operator=(const OptionsTest&) = delete;

  void write(const std::string& file, std::string_view text) const {
    std::ofstream{surroundings.directory / file, std::ios::binary} << text;
  }

  [[nodiscard]] ParseResult parse(const std::vector<std::string>& arguments) const {
    return parse_options(arguments, surroundings);
  }

  // The options, or a failed test that shows what was refused.
  [[nodiscard]] Options accepted(const std::vector<std::string>& arguments = {}) const {
    const ParseResult result = parse(arguments);
    if (const Exit* exit = std::get_if<Exit>(&result)) {
      ADD_FAILURE() << "exit " << exit->code << ": " << exit->err << exit->out;
      return {};
    }
    return std::get<Options>(result);
  }

  // What was printed on the way out. Expects the whole line, so that every message is read by somebody once.
  void expect_exit(int code, const std::string& line, const std::vector<std::string>& arguments = {}) const {
    const ParseResult result = parse(arguments);
    const Exit* exit = std::get_if<Exit>(&result);
    ASSERT_NE(exit, nullptr) << "not refused; expected: " << line;
    EXPECT_EQ(exit->err, line + "\n");
    EXPECT_EQ(exit->code, code);
    EXPECT_EQ(exit->out, "");
  }

  Surroundings surroundings;

 private:
  // The default data directory is this process's business; continuous integration may have no home.
  TemporaryVariable home_{"HOME", "/home/somebody"};
};

}  // namespace rookery::master
