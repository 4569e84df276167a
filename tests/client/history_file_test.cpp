#include "client/terminal/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/client/surroundings.h"

namespace rookery::client {
namespace {

using ::testing::ElementsAre;

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

TEST(HistoryFile, RemembersAcrossRunsInAFileOfItsOwnersAlone) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "state" / "rookery" / "client_history";
  HistoryFile(path).append("one");
  HistoryFile(path).append("two");
  EXPECT_THAT(HistoryFile(path).load(), ElementsAre("one", "two"));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(mode_of(path.parent_path()), 0700U);
}

TEST(HistoryFile, TakesAwayTheRightsOfOthers) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "client_history";
  std::ofstream(path) << "old\n";
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  HistoryFile(path).append("new");
  EXPECT_EQ(mode_of(path), 0600U);
}

TEST(HistoryFile, KeepsTheNewestAndStaysSmall) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "client_history";
  {
    std::ofstream file(path);
    for (std::size_t i = 0; i < 3 * HistoryFile::kKeptLines; ++i) file << "line " << i << "\n";
  }
  EXPECT_EQ(HistoryFile(path).load().size(), HistoryFile::kKeptLines);
  const std::vector<std::string> lines = HistoryFile(path).load();
  EXPECT_EQ(lines.back(), "line 2999");
  EXPECT_LT(std::filesystem::file_size(path), 1001 * sizeof("line 2999"));
  EXPECT_EQ(mode_of(path), 0600U);
}

TEST(HistoryFile, AHistoryThatCannotBeKeptIsNoError) {
  HistoryFile nowhere({});
  nowhere.append("x");
  EXPECT_TRUE(nowhere.load().empty());
  HistoryFile impossible("/proc/no-such/client_history");
  impossible.append("x");
  EXPECT_TRUE(impossible.load().empty());
}

}  // namespace
}  // namespace rookery::client
