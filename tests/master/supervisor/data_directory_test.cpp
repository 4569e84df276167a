#include "master/supervisor/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "master/console/control_socket.h"
#include "master/supervisor/start_error.h"

namespace rookery::master {
namespace {

using ::testing::HasSubstr;

class DataDirectoryTest : public ::testing::Test {
 protected:
  DataDirectoryTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rookery-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~DataDirectoryTest() override { std::filesystem::remove_all(root_); }

  static mode_t mode_of(const std::filesystem::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }

  std::filesystem::path root_;
};

TEST_F(DataDirectoryTest, IsMadeWithItsParentsForTheOwnerAlone) {
  const DataDirectory data(root_ / "a" / "b");
  EXPECT_EQ(mode_of(root_ / "a"), 0700U);
  EXPECT_EQ(mode_of(root_ / "a" / "b"), 0700U);
  EXPECT_EQ(mode_of(root_ / "a" / "b" / "lock"), 0600U);
}

TEST_F(DataDirectoryTest, ASecondServerIsToldWhoIsThere) {
  const DataDirectory first(root_);
  try {
    const DataDirectory second(root_);
    FAIL() << "two servers on one directory";
  } catch (const StartError& error) {
    EXPECT_EQ(error.exit_code(), EX_UNAVAILABLE);
    EXPECT_THAT(error.what(), HasSubstr(root_.string()));
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(::getpid())));
  }
}

TEST_F(DataDirectoryTest, ASecondServerIsRefusedEvenIfTheLockWasRemoved) {
  const DataDirectory first(root_);
  ASSERT_TRUE(std::filesystem::remove(root_ / "lock"));
  EXPECT_THROW(DataDirectory{root_}, StartError);
  EXPECT_FALSE(std::filesystem::exists(root_ / "lock")) << "it has left none of its own";
  std::ofstream(root_ / "lock") << "another";
  EXPECT_THROW(DataDirectory{root_}, StartError);
}

TEST_F(DataDirectoryTest, IsFreeAfterTheFirstServer) {
  { const DataDirectory first(root_); }
  EXPECT_NO_THROW(DataDirectory{root_});
}

TEST_F(DataDirectoryTest, AFileInTheWayIsToldAsSuch) {
  std::ofstream(root_ / "file") << "x";
  for (const auto& path : {root_ / "file", root_ / "file" / "below"}) {
    try {
      const DataDirectory data(path);
      FAIL() << path;
    } catch (const StartError& error) {
      EXPECT_EQ(error.exit_code(), EX_CONFIG);
      EXPECT_THAT(error.what(), HasSubstr(path.string()));
      EXPECT_THAT(error.what(), HasSubstr("Not a directory"));
    }
  }
}

TEST_F(DataDirectoryTest, TheControlSocketFitsWhereverTheDirectoryIs) {
  std::filesystem::path deep = root_;
  for (int i = 0; i < 10; ++i) deep /= std::string(50, 'd');
  const DataDirectory data(deep);
  const auto first = open_control_socket(data.short_path("control.sock"), data.directory_descriptor());
  EXPECT_EQ(mode_of(deep / "control.sock"), 0660U);
  EXPECT_NO_THROW(static_cast<void>(open_control_socket(data.short_path("control.sock"), data.directory_descriptor())))
      << "a stale one is replaced";
  data.remove("control.sock");
  EXPECT_FALSE(std::filesystem::exists(deep / "control.sock"));
}

}  // namespace
}  // namespace rookery::master
