#include "master/upgrade/own_program.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace rookery::master {
namespace {

namespace fs = std::filesystem;

fs::path path_for(const std::string& name) {
  return path_of_own_program(std::vector<std::string>{name});
}

TEST(OwnProgramTest, ASymbolicLinkStaysOne) {
  const test::TemporaryDirectory directory;
  const fs::path link = directory.path() / "current";
  fs::create_symlink(fs::read_symlink("/proc/self/exe"), link);
  EXPECT_EQ(path_for(link.string()), link) << "what it points to may be another program tomorrow";
}

TEST(OwnProgramTest, ARelativePathIsMadeAbsolute) {
  const test::TemporaryDirectory directory;
  fs::create_symlink(fs::read_symlink("/proc/self/exe"), directory.path() / "server");
  const fs::path before = fs::current_path();
  fs::current_path(directory.path());
  const fs::path found = path_for("./server");
  fs::current_path(before);
  EXPECT_TRUE(found.is_absolute());
  EXPECT_TRUE(fs::equivalent(found, directory.path() / "server"));
}

TEST(OwnProgramTest, AnameWithoutSlashIsFoundInThePath) {
  const test::TemporaryDirectory directory;
  fs::create_symlink(fs::read_symlink("/proc/self/exe"), directory.path() / "a-server");
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", ("/nowhere:" + directory.path().string() + ":/bin").c_str(), 1);
  const fs::path found = path_for("a-server");
  ::setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(found, directory.path() / "a-server");
}

TEST(OwnProgramTest, ANameThatLiesIsNotBelieved) {
  const fs::path truth = fs::read_symlink("/proc/self/exe");
  EXPECT_EQ(path_for("/bin/false"), truth);
  EXPECT_EQ(path_for("no-such-program"), truth);
  EXPECT_EQ(path_of_own_program({}), truth);
}

TEST(OwnProgramTest, TheNameOfAReplacedFile) {
  EXPECT_EQ(without_deleted_mark("/usr/bin/server (deleted)"), "/usr/bin/server");
  EXPECT_EQ(without_deleted_mark("/usr/bin/server"), "/usr/bin/server");
}

}  // namespace
}  // namespace rookery::master
