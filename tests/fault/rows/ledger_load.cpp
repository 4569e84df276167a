#include "tests/fault/rows/ledger_load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace rookery::system_test {

namespace {

std::vector<std::uint64_t> numbers_heard(const Poster& poster) {
  std::vector<std::uint64_t> numbers;
  for (const Heard& heard : poster.heard()) numbers.push_back(heard.seq);
  return numbers;
}

}  // namespace

void check_one_order(const Load& load) {
  const auto first = numbers_heard(*load.posters().front());
  for (const auto& poster : load.posters()) {
    const auto other = numbers_heard(*poster);
    if (first.empty() || other.empty()) continue;
    const std::uint64_t from = std::max(first.front(), other.front());
    const std::uint64_t to = std::min(first.back(), other.back());
    const auto part = [from, to](const std::vector<std::uint64_t>& all) {
      std::vector<std::uint64_t> result;
      std::ranges::copy_if(all, std::back_inserter(result), [&](std::uint64_t s) { return s >= from && s <= to; });
      return result;
    };
    EXPECT_EQ(part(first), part(other)) << poster->name() << " was sent something else";
  }
}

void check_only_a_pause(const Load& load, const std::vector<HistoryItem>& history) {
  for (const auto& poster : load.posters()) {
    EXPECT_FALSE(poster->was_closed()) << poster->name();
    EXPECT_EQ(poster->refused(), 0U) << poster->name();
    EXPECT_EQ(poster->acknowledged().size(), poster->posted()) << poster->name();
  }
  EXPECT_EQ(history.size(), load.acknowledged_count());
  check_promises(load, history);
  check_one_order(load);
}

void check_seen_is_stored(const Load& load, const std::vector<HistoryItem>& history) {
  std::set<std::uint64_t> stored;
  for (const HistoryItem& item : history) stored.insert(item.seq);
  for (const auto& poster : load.posters()) {
    const auto seen = numbers_heard(*poster);
    const auto lost = std::ranges::count_if(seen, [&](std::uint64_t seq) { return !stored.contains(seq); });
    EXPECT_EQ(lost, 0) << poster->name() << " has seen what is not in the history";
  }
}

}  // namespace rookery::system_test
