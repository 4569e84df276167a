// tests/support/driven_programs.h
//
// For tests that drive the programs from outside: where those are, and which sanitizer slows them down. They are the
// ones built beside the test, unless the environment names another build's; so a test that contains nothing of the
// programs is compiled once and runs against the sanitized ones as well, see drives_the_server() in
// tests/CMakeLists.txt:
//
//   ROOKERY_PROGRAMS=build/tsan/bin ROOKERY_SANITIZER=thread build/release/tests/system_test
//
//   ChildProcess client(Stdio::Pipes, {test::program("rookery-client"), address}, {});
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

namespace rookery::test {

inline const char* from_environment(const char* name, const char* otherwise) noexcept {
  const char* const set = std::getenv(name);
  return set != nullptr ? set : otherwise;
}

// The path of a built program.
[[nodiscard]] inline std::string program(std::string_view name) {
  return std::string(from_environment("ROOKERY_PROGRAMS", ROOKERY_BUILT_PROGRAMS)).append("/").append(name);
}

enum class Sanitizer : unsigned char { None, Address, Thread };

// What the driven programs are built with.
[[nodiscard]] inline Sanitizer sanitizer() noexcept {
  const std::string_view names = from_environment("ROOKERY_SANITIZER", ROOKERY_BUILT_SANITIZER);
  if (names.find("thread") != std::string_view::npos) return Sanitizer::Thread;
  if (names.find("address") != std::string_view::npos) return Sanitizer::Address;
  return Sanitizer::None;
}

}  // namespace rookery::test
