// Streams of both dialects through the framer and the parser: the same outcomes however the bytes come in pieces.
#include <gtest/gtest.h>

#include <random>

#include "tests/ipc/wire/stream_reader.h"

namespace rookery::wire {
namespace {

using namespace std::string_literals;

std::vector<std::string> outcomes_in_pieces(DialectId id, std::string_view stream,
                                            const std::vector<std::size_t>& cuts) {
  StreamReader reader(id);
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    reader.feed(stream.substr(from, cut - from));
    from = cut;
  }
  reader.feed(stream.substr(from));
  EXPECT_LE(reader.largest_rest(), kMaxLineBytes + 1);
  return reader.outcomes();
}

// Of the long runs in a stream only the ends matter; cutting at each of 8,192 equal bytes would prove nothing more.
std::vector<std::size_t> interesting_cuts(std::string_view stream) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    const bool in_run =
        i >= 8 && i + 8 < stream.size() && stream.substr(i - 8, 16).find_first_not_of('x') == std::string_view::npos;
    if (!in_run || i % 1024 == 0) cuts.push_back(i);
  }
  return cuts;
}

struct Stream {
  DialectId id;
  std::string bytes;
  std::vector<std::string> outcomes;
};

std::vector<Stream> streams() {
  const std::string full(kMaxLineBytes, 'x');
  return {
      {DialectId::Text,
       "hello\r\n\n/say #lobby gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\r\na\rb\n/ping\nhalf",
       {"echo text='hello'", "echo", "say room='#lobby' text='gr%C3%BC%C3%9F %F0%9F%98%80'", "echo text='a%0Db'",
        "ping"}},
      {DialectId::Text,
       full + "\r\n" + full + "\n" + full + "x\n/ping\n" + full + "\r\r\nend\r\n",
       {"echo text='" + full + "'", "echo text='" + full + "'", "too long", "ping", "too long", "echo text='end'"}},
      {DialectId::Text,
       full + full + full + "\n\xE2\x82\n\xE2\x82\xAC\n" + full + "x\r\n\r\n",
       {"too long", "refused bad-utf8 message='the line is not UTF-8'", "echo text='%E2%82%AC'", "too long", "echo"}},
      {DialectId::JsonLines,
       "{\"op\":\"ping\",\"id\":[1,\"\xC3\xA9\"]}\r\n{\n{\"op\":\"echo\",\"text\":\"" + full +
           "\"}\n"
           "{\"op\":\"echo\",\"text\":\"\\u20ac\xE2\x82\xAC\\r\\n\"}\n",
       {"ping id='[1,\"%C3%A9\"]'", "refused bad-command message='the line is not a JSON object'", "too long",
        "echo text='%E2%82%AC%E2%82%AC%0D%0A'"}},
  };
}

TEST(Stream, OnePieceGivesWhatWasSent) {
  for (const Stream& stream : streams()) EXPECT_EQ(outcomes_in_pieces(stream.id, stream.bytes, {}), stream.outcomes);
}

TEST(Stream, EveryCutInTwoGivesTheSame) {
  for (const Stream& stream : streams())
    for (const std::size_t cut : interesting_cuts(stream.bytes))
      ASSERT_EQ(outcomes_in_pieces(stream.id, stream.bytes, {cut}), stream.outcomes) << "cut at " << cut;
}

TEST(Stream, EveryCutRoundAShortStretchGivesTheSame) {
  for (const Stream& stream : streams())
    for (const std::size_t cut : interesting_cuts(stream.bytes))
      for (std::size_t width = 1; width <= 3 && cut + width <= stream.bytes.size(); ++width)
        ASSERT_EQ(outcomes_in_pieces(stream.id, stream.bytes, {cut, cut + width}), stream.outcomes)
            << "cut at " << cut << " and " << width << " on";
}

TEST(Stream, ByteByByteGivesTheSame) {
  for (const Stream& stream : streams()) {
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i < stream.bytes.size(); ++i) cuts.push_back(i);
    EXPECT_EQ(outcomes_in_pieces(stream.id, stream.bytes, cuts), stream.outcomes);
  }
}

TEST(Stream, RandomPiecesGiveTheSame) {
  std::mt19937 random(20261121);
  for (const Stream& stream : streams()) {
    for (int round = 0; round < 200; ++round) {
      std::vector<std::size_t> cuts;
      for (std::size_t at = 0; (at += random() % (round % 2 == 0 ? 40U : 5000U)) < stream.bytes.size();)
        cuts.push_back(at);
      ASSERT_EQ(outcomes_in_pieces(stream.id, stream.bytes, cuts), stream.outcomes);
    }
  }
}

TEST(Stream, TheFirstByteChooses) {
  EXPECT_EQ(choose_dialect('{'), DialectId::JsonLines);
  for (const char c : {'/', 'h', '[', ' ', '\n', '\0', '\xEF', '"'}) EXPECT_EQ(choose_dialect(c), DialectId::Text);
  EXPECT_EQ(to_string(DialectId::Undecided), "-");
  EXPECT_EQ(to_string(DialectId::Text), "text");
  EXPECT_EQ(to_string(DialectId::JsonLines), "json");
}

}  // namespace
}  // namespace rookery::wire
