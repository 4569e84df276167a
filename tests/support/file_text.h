// tests/support/file_text.h
//
// All that stands in a file, as bytes; empty where there is no such file.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace rookery::test {

[[nodiscard]] inline std::string file_text(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace rookery::test
