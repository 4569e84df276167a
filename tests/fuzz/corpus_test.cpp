// What the fuzz targets check, in every build: over the corpus as it is and over some thousand mutations of it. Also a
// home for inputs that once broke something: put them into tests/fuzz/corpus/.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "ipc/wire/limits.h"
#include "tests/fuzz/checks.h"

namespace rookery::fuzz {
namespace {

using namespace std::string_literals;

std::vector<std::string> corpus_of(const Check& check) {
  std::vector<std::string> inputs;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(ROOKERY_CORPUS_DIR) / check.name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    inputs.push_back(bytes.str());
  }
  std::sort(inputs.begin(), inputs.end());  // the order in a directory is no one's promise
  return inputs;
}

// What a byte flip seldom finds.
const std::vector<std::string>& dictionary() {
  static const std::vector<std::string> words = {"\n",
                                                 "\r\n",
                                                 "\r",
                                                 "\0"s,
                                                 "\x1B[2J",
                                                 "\x7F",
                                                 "\xC2\x85",
                                                 "\xC2",
                                                 "\xE2\x82\xAC",
                                                 "\xED\xA0\x80",
                                                 "\xF0\x9F\x98\x80",
                                                 "/say #a ",
                                                 "/b ",
                                                 "/history ",
                                                 "\"",
                                                 "\\",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ",",
                                                 ":",
                                                 "\\ud800",
                                                 "\\u0000",
                                                 "\\n",
                                                 "1e999",
                                                 "18446744073709551616",
                                                 "-1",
                                                 "null",
                                                 "\"id\":",
                                                 "\"op\":",
                                                 "\"text\":",
                                                 "\xff\xff\xff\xff\xff\xff\xff\xff",
                                                 "\0\0\0\0\0\0\0\0"s,
                                                 "\1\0\0\0"s,
                                                 "\0\0\0\x80"s,
                                                 "KEY='",
                                                 std::string(40, '['),
                                                 std::string(wire::kMaxLineBytes - 1, 'x'),
                                                 std::string(wire::kMaxLineBytes, 'x'),
                                                 std::string(wire::kMaxLineBytes + 1, 'x')};
  return words;
}

std::string mutate(std::string input, const std::vector<std::string>& corpus, std::mt19937& random) {
  for (auto rounds = 1 + random() % 6; rounds > 0; --rounds) {
    const std::size_t at = random() % (input.size() + 1);
    const std::size_t length = random() % 24;
    switch (random() % 6) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(random() % 256);
        break;
      case 1:
        input.erase(at, length);
        break;
      case 2:
        input.insert(at, std::string(input, at, length));
        break;
      case 3: {
        const std::string& other = corpus[random() % corpus.size()];
        input.insert(at, std::string(other, random() % (other.size() + 1), length * 4));
        break;
      }
      default:
        input.insert(at, dictionary()[random() % dictionary().size()]);
    }
  }
  return input;
}

class Corpus : public testing::TestWithParam<Check> {};

TEST_P(Corpus, KeepsItsPromises) {
  const auto corpus = corpus_of(GetParam());
  ASSERT_FALSE(corpus.empty());
  for (const auto& input : corpus) GetParam().run(input);
  GetParam().run({});
}

TEST_P(Corpus, MutationsKeepTheirPromises) {
  const auto corpus = corpus_of(GetParam());
  ASSERT_FALSE(corpus.empty());
  std::mt19937 random(20261121);
  for (unsigned i = 0; i < GetParam().mutations; ++i)
    GetParam().run(mutate(corpus[random() % corpus.size()], corpus, random));
}

INSTANTIATE_TEST_SUITE_P(All, Corpus, testing::ValuesIn(checks().begin(), checks().end()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace rookery::fuzz
