// A file is there as a whole or as it was before.
#include "client/load/compare/whole_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/support/temporary_directory.h"

namespace rookery::load {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// As when a disk is full: from now on no file of this process grows beyond a few bytes.
class FullDisk final {
 public:
  FullDisk() {
    before_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{.rlim_cur = 4096, .rlim_max = limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int) = nullptr;
};

std::string complaint(const std::filesystem::path& path, const std::string& text) {
  try {
    write_whole_file(path, text);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

TEST(WholeFile, ReplacesTheOneBefore) {
  const test::TemporaryDirectory files;
  write_whole_file(files.path() / "file", "the first, which is longer");
  write_whole_file(files.path() / "file", "the second");
  EXPECT_EQ(contents(files.path() / "file"), "the second");
}

TEST(WholeFile, OnAFullDiskTheOneBeforeStaysAndNothingElse) {
  const test::TemporaryDirectory files;
  const std::filesystem::path path = files.path() / "file";
  write_whole_file(path, "the first");
  std::string why;
  {
    const FullDisk disk;
    why = complaint(path, std::string(100'000, 'x'));
  }
  EXPECT_NE(why.find(path.string() + ": cannot write it: File too large"), std::string::npos) << why;
  EXPECT_EQ(contents(path), "the first");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(files.path()), {}), 1);
}

TEST(WholeFile, SaysWhyItCannotBeWritten) {
  const std::string why = complaint("/there/is/no/such/directory/file", "");
  EXPECT_NE(why.find("No such file or directory"), std::string::npos) << why;
}

}  // namespace
}  // namespace rookery::load
