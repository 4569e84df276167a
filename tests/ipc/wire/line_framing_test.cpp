// The framer alone: the ends of lines, the limit, and what it lets the caller forget.
#include "ipc/wire/line_framing.h"

#include <gtest/gtest.h>

#include <string>

#include "ipc/wire/limits.h"

namespace rookery::wire {
namespace {

struct Cut {
  FrameKind kind;
  std::string line;
  std::size_t consumed;
  bool discarding;
  bool operator==(const Cut&) const = default;
  friend void PrintTo(const Cut& cut, std::ostream* out) {
    *out << "kind " << static_cast<int>(cut.kind) << ", " << cut.line.size() << " bytes of line, consumed "
         << cut.consumed << (cut.discarding ? ", discarding" : "");
  }
};

Cut cut(std::string_view buffered, bool discarding = false, std::size_t scanned = 0) {
  const Frame frame = next_line(buffered, discarding, scanned);
  return {frame.kind, std::string(frame.line), frame.consumed, discarding};
}

const std::string kFull(kMaxLineBytes, 'x');  // as long as a line may be
constexpr auto kLine = FrameKind::Line;
constexpr auto kTooLong = FrameKind::TooLong;
constexpr auto kIncomplete = FrameKind::Incomplete;

TEST(LineFraming, LineFeedEndsALineAndACarriageReturnBeforeItIsDropped) {
  EXPECT_EQ(cut("one\ntwo\n"), (Cut{kLine, "one", 4, false}));
  EXPECT_EQ(cut("one\r\ntwo"), (Cut{kLine, "one", 5, false}));
  EXPECT_EQ(cut("\n"), (Cut{kLine, "", 1, false}));
  EXPECT_EQ(cut("\r\n"), (Cut{kLine, "", 2, false}));
}

TEST(LineFraming, OtherCarriageReturnsStay) {
  EXPECT_EQ(cut("a\rb\r\r\n"), (Cut{kLine, "a\rb\r", 6, false}));
  EXPECT_EQ(cut("a\r"), (Cut{kIncomplete, "", 0, false}));
}

TEST(LineFraming, WithoutAnEndNothingIsConsumed) {
  EXPECT_EQ(cut({}), (Cut{kIncomplete, "", 0, false}));
  EXPECT_EQ(cut("half a li"), (Cut{kIncomplete, "", 0, false}));
  EXPECT_EQ(cut(kFull), (Cut{kIncomplete, "", 0, false}));
}

TEST(LineFraming, TheLimitCountsNeitherEndNorItsCarriageReturn) {
  EXPECT_EQ(cut(kFull + "\n"), (Cut{kLine, kFull, kMaxLineBytes + 1, false}));
  EXPECT_EQ(cut(kFull + "\r\n"), (Cut{kLine, kFull, kMaxLineBytes + 2, false}));
  EXPECT_EQ(cut(kFull + "\r"), (Cut{kIncomplete, "", 0, false}));
  EXPECT_EQ(cut(kFull + "x\n").kind, kTooLong);
  EXPECT_EQ(cut(kFull + "x\r\n").kind, kTooLong);
  EXPECT_EQ(cut(kFull + "\r\r\n").kind, kTooLong);
  EXPECT_EQ(cut(kFull + "\rx").kind, kTooLong);
}

TEST(LineFraming, ALongLineIsReportedAsSoonAsItIsKnown) {
  EXPECT_EQ(cut(kFull + "x"), (Cut{kTooLong, "", kMaxLineBytes + 1, true}));
  EXPECT_EQ(cut(kFull + kFull + kFull + "\n"), (Cut{kTooLong, "", kMaxLineBytes + 1, true}));
}

TEST(LineFraming, DiscardingEndsWithItsLineFeedAndTheNextLineFollowsAtOnce) {
  EXPECT_EQ(cut("still the long line", true), (Cut{kIncomplete, "", 19, true}));
  EXPECT_EQ(cut({}, true), (Cut{kIncomplete, "", 0, true}));
  EXPECT_EQ(cut("rest\nnext\r\nmore", true), (Cut{kLine, "next", 11, false}));
  EXPECT_EQ(cut("rest\nhalf", true), (Cut{kIncomplete, "", 5, false}));
  EXPECT_EQ(cut("\n", true), (Cut{kIncomplete, "", 1, false}));
  EXPECT_EQ(cut("rest\n" + kFull + "\r\n", true), (Cut{kLine, kFull, 5 + kMaxLineBytes + 2, false}));
  EXPECT_EQ(cut("rest\n" + kFull + "xyz", true), (Cut{kTooLong, "", 5 + kMaxLineBytes + 1, true}));
}

TEST(LineFraming, ScannedBytesAreNotSearchedButCount) {
  EXPECT_EQ(cut("half a line\n", false, 6), (Cut{kLine, "half a line", 12, false}));
  EXPECT_EQ(cut("half", false, 4), (Cut{kIncomplete, "", 0, false}));
  EXPECT_EQ(cut(kFull + "\r\n", false, kMaxLineBytes + 1), (Cut{kLine, kFull, kMaxLineBytes + 2, false}));
  EXPECT_EQ(cut(kFull + "\rx\n", false, kMaxLineBytes + 1).kind, kTooLong);
  EXPECT_EQ(cut("rest\nnext\n", true, 4), (Cut{kLine, "next", 10, false}));
}

}  // namespace
}  // namespace rookery::wire
