// A file under its name is always whole; what may be replaced, and what a dead writer leaves.
#include "ipc/os/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/support/file_text.h"
#include "tests/support/temporary_directory.h"

namespace rookery::os {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class OutputFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path file(const char* name) const { return directory_.path() / name; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : fs::directory_iterator(directory_.path()))
      result.push_back(entry.path().filename().string());
    return result;
  }
  [[nodiscard]] static std::string why_not(const fs::path& name, IfThere if_there) {
    try {
      const NewFile refused(name, if_there);
    } catch (const OutputFileError& error) {
      return error.what();
    }
    return {};
  }

  test::TemporaryDirectory directory_;
};

TEST_F(OutputFileTest, HasItsNameOnlyWhenItIsPublished) {
  {
    NewFile fresh(file("a"), IfThere::Refuse);
    write_all(fresh.descriptor(), "all of it", file("a"));
    EXPECT_FALSE(fs::exists(file("a")));
    fresh.publish();
    EXPECT_EQ(test::file_text(file("a")), "all of it");
  }
  { const NewFile given_up(file("b"), IfThere::Refuse); }
  EXPECT_THAT(names(), ::testing::ElementsAre("a"));
}

TEST_F(OutputFileTest, OfTwoUnderOneNameTheSecondIsRefused) {
  NewFile first(file("a"), IfThere::Refuse);
  NewFile second(file("a"), IfThere::Refuse);
  write_all(first.descriptor(), "first", file("a"));
  write_all(second.descriptor(), "second", file("a"));
  second.publish();
  EXPECT_THROW(first.publish(), OutputFileError);
  EXPECT_EQ(test::file_text(file("a")), "second");
  NewFile third(file("a"), IfThere::Replace);
  third.publish();
  EXPECT_EQ(test::file_text(file("a")), "");
}

TEST_F(OutputFileTest, ReplacesARegularFileAlone) {
  std::ofstream(file("there")) << "kept";
  fs::create_symlink(file("there"), file("link"));
  fs::create_directory(file("directory"));
  ASSERT_EQ(::mkfifo(file("fifo").c_str(), 0600), 0);
  EXPECT_THAT(why_not(file("there"), IfThere::Refuse), HasSubstr("exists already"));
  EXPECT_EQ(why_not(file("there"), IfThere::Replace), "");
  EXPECT_THAT(why_not(file("link"), IfThere::Replace), HasSubstr("symbolic link"));
  EXPECT_THAT(why_not(file("directory"), IfThere::Replace), HasSubstr("is a directory"));
  EXPECT_THAT(why_not(file("fifo"), IfThere::Replace), HasSubstr("not a regular file"));
  EXPECT_THAT(why_not(file("none") / "below", IfThere::Replace), HasSubstr("No such file or directory"));
  EXPECT_THAT(why_not(directory_.path() / "", IfThere::Replace), HasSubstr("not the name of a file"));

  NewFile fresh(file("later"), IfThere::Replace);
  fs::create_symlink(file("there"), file("later"));
  EXPECT_THROW(fresh.publish(), OutputFileError) << "a link that came meanwhile";
  EXPECT_EQ(test::file_text(file("there")), "kept");
}

TEST_F(OutputFileTest, WhatADeadWriterLeftIsRemovedAndWhatALivingOneWritesIsNot) {
  const pid_t writer = ::fork();
  if (writer == 0) {
    const NewFile never(file("never"), IfThere::Refuse);
    std::ofstream(never.temporary_name().string() + "-wal") << "beside it";
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);
  EXPECT_EQ(names().size(), 2U);
  NewFile living(file("living"), IfThere::Refuse);
  NewFile other(file("other"), IfThere::Refuse);
  EXPECT_EQ(names().size(), 2U);
  living.publish();
  other.publish();
  EXPECT_THAT(names(), ::testing::UnorderedElementsAre("living", "other"));
}

TEST_F(OutputFileTest, TextGoesStraightIntoAFifo) {
  ASSERT_EQ(::mkfifo(file("fifo").c_str(), 0600), 0);
  fs::create_symlink(file("fifo"), file("link"));
  const FileDescriptor reader(::open(file("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  TextOutput output(file("link"), IfThere::Refuse);
  output.write("words");
  std::string bytes(16, '\0');
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(reader.get(), bytes.data(), bytes.size()), 0)));
  EXPECT_EQ(bytes, "words");
  output.finish();
  EXPECT_THAT(names(), ::testing::UnorderedElementsAre("fifo", "link"));
}

}  // namespace
}  // namespace rookery::os
