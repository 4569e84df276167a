#include "ipc/os/pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "ipc/os/process.h"
#include "tests/ipc/os/waiting.h"

namespace rookery::os {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string text_of(const Received& received, const std::vector<std::byte>& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), received.bytes};
}

class DuplexPipeTest : public ::testing::Test {
 protected:
  std::string receive(int descriptor) {
    const Received received = receive_message(descriptor, buffer_);
    return received.status == TransferStatus::Done ? text_of(received, buffer_) : "";
  }
  TransferStatus receive_status(int descriptor) { return receive_message(descriptor, buffer_).status; }

  DuplexPipe pipe_ = make_duplex_pipe();
  std::vector<std::byte> buffer_ = std::vector<std::byte>(64);
};

TEST_F(DuplexPipeTest, KeepsMessagesApartInBothDirections) {
  EXPECT_EQ(send_message(pipe_.ours.get(), bytes_of("one")), TransferStatus::Done);
  EXPECT_EQ(send_message(pipe_.ours.get(), bytes_of("two, longer")), TransferStatus::Done);
  EXPECT_EQ(send_message(pipe_.theirs.get(), bytes_of("back")), TransferStatus::Done);
  EXPECT_EQ(receive(pipe_.theirs.get()), "one");
  EXPECT_EQ(receive(pipe_.theirs.get()), "two, longer");
  EXPECT_EQ(receive(pipe_.ours.get()), "back");
}

TEST_F(DuplexPipeTest, EmptyAndFullWouldBlock) {
  EXPECT_EQ(receive_status(pipe_.ours.get()), TransferStatus::WouldBlock);
  const std::vector<std::byte> large(4096);
  TransferStatus status = TransferStatus::Done;
  for (int i = 0; i < 100'000 && status == TransferStatus::Done; ++i) status = send_message(pipe_.ours.get(), large);
  EXPECT_EQ(status, TransferStatus::WouldBlock);
  EXPECT_EQ(receive_status(pipe_.theirs.get()), TransferStatus::Done);
  EXPECT_EQ(send_message(pipe_.ours.get(), bytes_of("room again")), TransferStatus::Done);
}

TEST_F(DuplexPipeTest, CutsWhatIsLargerThanTheBufferAndGoesOnWithTheNext) {
  ASSERT_EQ(send_message(pipe_.ours.get(), std::vector<std::byte>(100)), TransferStatus::Done);
  ASSERT_EQ(send_message(pipe_.ours.get(), bytes_of("next")), TransferStatus::Done);
  EXPECT_EQ(receive_message(pipe_.theirs.get(), buffer_).bytes, 64U);
  EXPECT_EQ(receive(pipe_.theirs.get()), "next");
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int number = 0; number < 1024; ++number) count += ::fcntl(number, F_GETFD) >= 0 ? 1U : 0U;
  return count;
}

// Sends `text` with so many duplicates of its own end, as no code of ours does.
void send_with_descriptors(int descriptor, std::string_view text, std::size_t count) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  constexpr std::size_t kMost = 253;  // the kernel takes no more
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMost * sizeof(int))> ancillary{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.data();
  header.msg_controllen = CMSG_SPACE(count * sizeof(int));
  auto* const rights = reinterpret_cast<cmsghdr*>(ancillary.data());
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(count * sizeof(int));
  const std::vector<int> numbers(count, descriptor);
  std::memcpy(CMSG_DATA(rights), numbers.data(), count * sizeof(int));
  ASSERT_EQ(::sendmsg(descriptor, &header, 0), static_cast<ssize_t>(text.size()));
}

TEST_F(DuplexPipeTest, OneDescriptorComesWithAMessageAndNoneOfMore) {
  for (const std::size_t count : {1U, 2U, 3U, 4U, 253U}) {
    SCOPED_TRACE(count);
    send_with_descriptors(pipe_.ours.get(), "text", count);
    const std::size_t before = open_descriptors();
    {
      const Received received = receive_message(pipe_.theirs.get(), buffer_);
      EXPECT_EQ(received.status, TransferStatus::Done);
      EXPECT_EQ(received.bytes, 4U);
      EXPECT_EQ(static_cast<bool>(received.passenger), count == 1);
      EXPECT_EQ(received.surplus, count > 1);
      EXPECT_EQ(open_descriptors(), before + (count == 1 ? 1U : 0U));
    }
    EXPECT_EQ(open_descriptors(), before);
  }
}

TEST_F(DuplexPipeTest, AnEmptyMessageWithADescriptorIsNoEndOfFile) {
  send_with_descriptors(pipe_.ours.get(), "", 1);
  const std::size_t before = open_descriptors();
  EXPECT_EQ(receive_status(pipe_.theirs.get()), TransferStatus::Done);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(DuplexPipeTest, PeerGoneOnBothSides) {
  pipe_.theirs.reset();
  EXPECT_EQ(send_message(pipe_.ours.get(), bytes_of("anybody?")), TransferStatus::PeerGone);
  EXPECT_EQ(receive_status(pipe_.ours.get()), TransferStatus::PeerGone);
}

TEST_F(DuplexPipeTest, LastWordsOfADeadPeerAreHeard) {
  ASSERT_EQ(send_message(pipe_.theirs.get(), bytes_of("last words")), TransferStatus::Done);
  pipe_.theirs.reset();
  EXPECT_EQ(receive(pipe_.ours.get()), "last words");
  EXPECT_EQ(receive_status(pipe_.ours.get()), TransferStatus::PeerGone);
}

// The kernel reports a reset before it hands out what the dead one sent.
TEST_F(DuplexPipeTest, LastWordsAreHeardEvenIfThePeerDidNotReadOurs) {
  ASSERT_EQ(send_message(pipe_.ours.get(), bytes_of("never read")), TransferStatus::Done);
  ASSERT_EQ(send_message(pipe_.theirs.get(), bytes_of("why I end")), TransferStatus::Done);
  pipe_.theirs.reset();
  EXPECT_EQ(receive(pipe_.ours.get()), "why I end");
  EXPECT_EQ(receive_status(pipe_.ours.get()), TransferStatus::PeerGone);
  EXPECT_EQ(receive_status(pipe_.ours.get()), TransferStatus::PeerGone);
}

TEST_F(DuplexPipeTest, DeathOfAProcessIsEndOfFile) {
  Process child = Process::spawn([this] {
    pipe_.ours.reset();
    ::pause();
    return 0;
  });
  pipe_.theirs.reset();
  EXPECT_EQ(receive_status(pipe_.ours.get()), TransferStatus::WouldBlock);
  ASSERT_TRUE(testing::killed_in_time(child));
  ASSERT_TRUE(testing::readable_in_time(pipe_.ours.get()));
  EXPECT_EQ(receive_status(pipe_.ours.get()), TransferStatus::PeerGone);
}

TEST(MessageTest, OtherErrorsAreFailed) {
  const Pipe pipe = make_pipe();
  std::vector<std::byte> buffer(8);
  EXPECT_EQ(send_message(pipe.write_end.get(), bytes_of("no socket")), TransferStatus::Failed);
  EXPECT_EQ(errno, ENOTSOCK);
  EXPECT_EQ(receive_message(-1, buffer).status, TransferStatus::Failed);
  EXPECT_EQ(errno, EBADF);
}

TEST(PipeTest, EndsNeitherBlockNorSurviveExec) {
  const Pipe pipe = make_pipe();
  char byte;
  EXPECT_EQ(::read(pipe.read_end.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  for (const int end : {pipe.read_end.get(), pipe.write_end.get()}) {
    EXPECT_NE(::fcntl(end, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(end, F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST(FileDescriptorTest, ClosesExactlyOnce) {
  Pipe pipe = make_pipe();
  const int number = pipe.read_end.get();
  FileDescriptor other = std::move(pipe.read_end);
  EXPECT_FALSE(pipe.read_end);  // NOLINT(bugprone-use-after-move): what is left is what is tested
  EXPECT_EQ(other.get(), number);
  other = FileDescriptor();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  FileDescriptor kept = std::move(pipe.write_end);
  const int released = kept.release();
  EXPECT_EQ(::close(released), 0);
}

}  // namespace
}  // namespace rookery::os
