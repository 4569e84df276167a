#include "ipc/shm/segment.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <string>
#include <system_error>

#include "tests/ipc/os/waiting.h"

namespace rookery::shm {
namespace {

constexpr std::uint64_t kPage = 4096;

std::uint64_t pages_of(const Segment& segment) {
  struct stat status {};
  EXPECT_EQ(::fstat(segment.writer_descriptor(), &status), 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512 / kPage;
}

// How a child ends that writes one byte at `address`.
os::ExitStatus end_of_writer_to(std::byte* address) {
  os::Process child = os::Process::spawn([address] {
    ::signal(SIGSEGV, SIG_DFL);  // sanitizers have a handler of their own
    *static_cast<volatile std::byte*>(address) = std::byte{1};
    return 0;
  });
  return testing::end_in_time(child).value_or(os::ExitStatus{});
}

class SegmentTest : public ::testing::Test {
 protected:
  Segment segment_{"segment-test", 3 * kPage + 1};
};

TEST_F(SegmentTest, HasWholePagesAndANameInTheMaps) {
  EXPECT_EQ(segment_.size_bytes(), 4 * kPage);
  const Mapping mapping(segment_.reader_descriptor(), Access::ReadOnly, segment_.size_bytes());
  std::ifstream maps("/proc/self/maps");
  bool named = false;
  for (std::string line; std::getline(maps, line);)
    named = named || line.find("memfd:segment-test") != std::string::npos;
  EXPECT_TRUE(named);
}

TEST_F(SegmentTest, WhatTheWriterStoresEveryReaderSees) {
  ASSERT_TRUE(reserve(segment_.writer_descriptor(), 0, segment_.size_bytes()));
  const Mapping writer(segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes());
  const Mapping reader(segment_.reader_descriptor(), Access::ReadOnly, segment_.size_bytes());
  const Mapping beginning(segment_.reader_descriptor(), Access::ReadOnly, kPage);
  *writer.at<std::uint64_t>(kPage - 8) = 42;
  EXPECT_EQ(*reader.at<const std::uint64_t>(kPage - 8), 42U);
  EXPECT_EQ(*beginning.at<const std::uint64_t>(kPage - 8), 42U);
  EXPECT_EQ(beginning.size_bytes(), kPage);
}

TEST_F(SegmentTest, AReadersDescriptorCannotBeMappedWritable) {
  EXPECT_THROW(Mapping(segment_.reader_descriptor(), Access::ReadWrite, kPage), std::system_error);
  EXPECT_EQ(::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, segment_.reader_descriptor(), 0), MAP_FAILED);
  EXPECT_EQ(errno, EACCES);
  EXPECT_EQ(::fcntl(segment_.reader_descriptor(), F_GETFL) & O_ACCMODE, O_RDONLY);
}

TEST_F(SegmentTest, AReadersMappingCannotBeMadeWritable) {
  ASSERT_TRUE(reserve(segment_.writer_descriptor(), 0, segment_.size_bytes()));
  const Mapping reader(segment_.reader_descriptor(), Access::ReadOnly, segment_.size_bytes());
  EXPECT_EQ(::mprotect(reader.data(), kPage, PROT_READ | PROT_WRITE), -1);
  EXPECT_EQ(errno, EACCES);
}

TEST_F(SegmentTest, AReaderThatWritesDiesAndHarmsNobody) {
  ASSERT_TRUE(reserve(segment_.writer_descriptor(), 0, segment_.size_bytes()));
  const Mapping writer(segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes());
  const Mapping reader(segment_.reader_descriptor(), Access::ReadOnly, segment_.size_bytes());
  const auto status = end_of_writer_to(reader.data());
  EXPECT_TRUE(status.signalled);
  EXPECT_EQ(status.value, SIGSEGV) << status.describe();
  EXPECT_EQ(writer.data()[0], std::byte{0});
  EXPECT_TRUE(end_of_writer_to(writer.data()).clean());
  EXPECT_EQ(reader.data()[0], std::byte{1});
}

TEST_F(SegmentTest, ReserveGivesPagesAndKeepsWhatIsInThem) {
  EXPECT_EQ(pages_of(segment_), 0U);
  EXPECT_TRUE(reserve(segment_.writer_descriptor(), 0, 0));
  EXPECT_EQ(pages_of(segment_), 0U);
  EXPECT_TRUE(reserve(segment_.writer_descriptor(), kPage, 1));
  EXPECT_EQ(pages_of(segment_), 1U);
  const Mapping mapping(segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes());
  EXPECT_EQ(*mapping.at<std::uint64_t>(kPage), 0U);
  *mapping.at<std::uint64_t>(kPage) = 7;
  EXPECT_TRUE(reserve(segment_.writer_descriptor(), 0, segment_.size_bytes()));
  EXPECT_EQ(pages_of(segment_), 4U);
  EXPECT_EQ(*mapping.at<std::uint64_t>(kPage), 7U);
}

TEST_F(SegmentTest, WhatIsReleasedIsZeroAndWholePagesOfItAreGone) {
  ASSERT_TRUE(reserve(segment_.writer_descriptor(), 0, segment_.size_bytes()));
  const Mapping mapping(segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes());
  for (const std::uint64_t at : {kPage - 8, kPage, 2 * kPage, 3 * kPage}) *mapping.at<std::uint64_t>(at) = 7;
  EXPECT_TRUE(release(segment_.writer_descriptor(), kPage - 8, 0));
  EXPECT_TRUE(release(segment_.writer_descriptor(), kPage - 4, 2 * kPage));
  EXPECT_EQ(pages_of(segment_), 3U);
  EXPECT_EQ(*mapping.at<std::uint32_t>(kPage - 8), 7U);
  EXPECT_EQ(*mapping.at<std::uint64_t>(kPage), 0U);
  EXPECT_EQ(*mapping.at<std::uint64_t>(2 * kPage), 0U);
  EXPECT_EQ(*mapping.at<std::uint64_t>(3 * kPage), 7U);
  EXPECT_FALSE(release(segment_.reader_descriptor(), 0, kPage)) << "only its writer may";
}

TEST_F(SegmentTest, WhatWasNeverWrittenIsKnownWithoutTouchingIt) {
  const int reader = segment_.reader_descriptor();
  EXPECT_EQ(written_bytes(reader, 0, 4 * kPage), 0U);
  Mapping mapping(segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes());
  mapping.data()[0] = std::byte{1};
  mapping.data()[kPage] = std::byte{1};
  EXPECT_EQ(written_bytes(reader, 0, 4 * kPage), 2 * kPage);
  EXPECT_EQ(written_bytes(reader, 100, 4 * kPage), 2 * kPage - 100);
  EXPECT_EQ(written_bytes(reader, 0, 300), 300U);
  EXPECT_EQ(written_bytes(reader, 2 * kPage, kPage), 0U);
  EXPECT_EQ(written_bytes(-1, 0, kPage), 0U);
  EXPECT_EQ(pages_of(segment_), 2U) << "asking gave it pages";
}

TEST_F(SegmentTest, ReserveBeyondTheEndIsRefused) {
  EXPECT_FALSE(reserve(segment_.writer_descriptor(), 3 * kPage, 2 * kPage));
  EXPECT_EQ(errno, EPERM);
  EXPECT_FALSE(reserve(segment_.reader_descriptor(), 0, kPage)) << "only the writer may";
  EXPECT_EQ(errno, EBADF);
}

TEST_F(SegmentTest, NobodyCanChangeTheSize) {
  EXPECT_EQ(::ftruncate(segment_.writer_descriptor(), 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(segment_.writer_descriptor(), 100 * kPage), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::fcntl(segment_.writer_descriptor(), F_ADD_SEALS, F_SEAL_WRITE), -1) << "nor forbid the writer to write";
}

TEST_F(SegmentTest, TheMemoryOutlivesItsWriter) {
  ASSERT_TRUE(reserve(segment_.writer_descriptor(), 0, segment_.size_bytes()));
  os::Process writer = os::Process::spawn([this] {
    const Mapping mapping(segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes());
    *mapping.at<std::uint64_t>(0) = 99;
    return ::raise(SIGKILL);
  });
  ASSERT_TRUE(testing::end_in_time(writer));
  const Mapping reader(segment_.reader_descriptor(), Access::ReadOnly, segment_.size_bytes());
  EXPECT_EQ(*reader.at<const std::uint64_t>(0), 99U);
}

TEST(SegmentErrorTest, AnImpossibleSizeIsAClearError) {
  try {
    const Segment segment("too-large", std::uint64_t{1} << 63);
    FAIL() << "no memory is that large";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot size the shared region too-large"), std::string::npos);
  }
}

}  // namespace
}  // namespace rookery::shm
