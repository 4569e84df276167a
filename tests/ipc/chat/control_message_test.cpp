#include "ipc/chat/control_message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rookery::chat {
namespace {

using os::TransferStatus;

class ControlMessageTest : public ::testing::Test {
 protected:
  os::DuplexPipe pipe_ = os::make_duplex_pipe();
};

TEST_F(ControlMessageTest, EveryKindComesBackAsItWas) {
  for (int kind = 1; kind <= 9; ++kind) {
    const ControlMessage sent{static_cast<ControlKind>(kind), 3, 1ULL << 40, "why \n and what to do"};
    ASSERT_EQ(send_control(pipe_.ours.get(), sent), TransferStatus::Done);
    const ReceivedControl received = receive_control(pipe_.theirs.get());
    ASSERT_EQ(received.status, TransferStatus::Done);
    ASSERT_TRUE(received.message);
    EXPECT_EQ(received.message->kind, sent.kind);
    EXPECT_EQ(received.message->worker, 3U);
    EXPECT_EQ(received.message->number, 1ULL << 40);
    EXPECT_EQ(received.message->text, sent.text);
  }
  EXPECT_EQ(receive_control(pipe_.theirs.get()).status, TransferStatus::WouldBlock);
}

TEST_F(ControlMessageTest, ALongTextIsCut) {
  ASSERT_EQ(send_control(pipe_.ours.get(), {ControlKind::Notice, 0, 0, std::string(20'000, 'x')}),
            TransferStatus::Done);
  const ReceivedControl received = receive_control(pipe_.theirs.get());
  ASSERT_TRUE(received.message);
  EXPECT_EQ(received.message->text, std::string(kMaxControlTextBytes, 'x'));
}

TEST_F(ControlMessageTest, WhatIsNoMessageOfOursIsSaidToBeNone) {
  std::vector<std::byte> bytes(16);
  const auto receive_after_sending = [&] {
    EXPECT_EQ(os::send_message(pipe_.ours.get(), bytes), TransferStatus::Done);
    return receive_control(pipe_.theirs.get());
  };
  for (const unsigned kind : {0U, static_cast<unsigned>(kLastControlKind) + 1, 255U}) {
    bytes[0] = static_cast<std::byte>(kind);
    const ReceivedControl received = receive_after_sending();
    EXPECT_EQ(received.status, TransferStatus::Done);
    EXPECT_FALSE(received.message);
  }
  bytes.assign(31, std::byte{1});
  EXPECT_FALSE(receive_after_sending().message);
  bytes.assign(32, std::byte{1});
  EXPECT_TRUE(receive_after_sending().message);
}

TEST_F(ControlMessageTest, ANetworkTravelsAsItsBytes) {
  const SourceAddress network{{0x0123456789abcdefU, 0}};
  ASSERT_EQ(send_control(pipe_.ours.get(), shut_out_message(network, std::chrono::seconds{90})), TransferStatus::Done);
  const ReceivedControl received = receive_control(pipe_.theirs.get());
  ASSERT_TRUE(received.message);
  EXPECT_EQ(received.message->number, 90'000U);
  EXPECT_EQ(shut_out_network(*received.message), network);
  EXPECT_FALSE(shut_out_network({ControlKind::ShutOut, 0, 1, "fifteen bytes.."}));
  EXPECT_FALSE(shut_out_network({ControlKind::Notice, 0, 1, "sixteen bytes..."}));
}

TEST_F(ControlMessageTest, AReasonGivenBeforeTheEndIsHeard) {
  ASSERT_EQ(send_control(pipe_.ours.get(), {ControlKind::WorkerGone, 1, 0, {}}), TransferStatus::Done);
  ASSERT_EQ(send_control(pipe_.theirs.get(), {ControlKind::Failed, 0, 69, "the database is in use"}),
            TransferStatus::Done);
  pipe_.theirs.reset();  // without having read what it was told
  const ReceivedControl received = receive_control(pipe_.ours.get());
  ASSERT_TRUE(received.message);
  EXPECT_EQ(received.message->text, "the database is in use");
  EXPECT_EQ(received.message->number, 69U);
  EXPECT_EQ(receive_control(pipe_.ours.get()).status, TransferStatus::PeerGone);
}

}  // namespace
}  // namespace rookery::chat
