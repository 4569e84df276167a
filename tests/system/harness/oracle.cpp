#include "tests/system/harness/oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <unordered_map>

#include "tests/system/harness/load.h"

namespace rookery::system_test {
namespace {

constexpr std::size_t kProblemsInWords = 20;

class Judge final {
 public:
  Judge(const Load& load, const std::vector<HistoryItem>& history) : load_(load), history_(history) {
    for (const auto& poster : load.posters()) posters_[poster->name()] = poster.get();
    for (const HistoryItem& item : history) {
      has_direct_ = has_direct_ || item.place.starts_with('@');
      final_epoch_ = item.epoch;
    }
  }

  Findings findings() {
    look_at_history();
    for (const auto& [name, poster] : posters_) {
      look_at_order(*poster);
      look_at_answers(*poster);
      look_at_received(*poster);
      look_for_gaps(*poster);
      if (poster->trouble().empty()) continue;
      problem(found_.troubles, name + ": " + poster->trouble());
    }
    return std::move(found_);
  }

 private:
  struct Said {
    const Poster* poster;
    std::uint64_t number;
  };

  void problem(std::uint64_t& counter, std::string words) {
    ++counter;
    if (found_.problems.size() < kProblemsInWords) found_.problems.push_back(std::move(words));
  }

  // Empty: none of the load's.
  std::optional<Said> said(const std::string& text) const {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto poster = posters_.find(text.substr(0, colon));
    if (poster == posters_.end()) return std::nullopt;
    Said result{poster->second, 0};
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, result.number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return result;
  }

  void check_said(const std::string& text, const std::string& place, const char* where) {
    const auto what = said(text);
    if (!what) return;
    const std::string words = std::string(where) + " has in " + place + ": " + text;
    if (what->number >= what->poster->posted()) return problem(found_.invented, words + ", which nobody has said");
    if (what->poster->place_of(what->number) != place)
      return problem(found_.invented, words + ", which was said in " + what->poster->place_of(what->number));
    if (what->poster->surely_refused().contains(what->number))
      problem(found_.invented, words + ", which the server had refused");
  }

  void look_at_history() {
    std::uint64_t last = 0;
    for (const HistoryItem& item : history_) {
      if (item.seq <= last) problem(found_.out_of_order, "the history's numbers do not grow at " + item.text);
      last = item.seq;
      stored_[item.seq] = &item;
      by_place_[item.place].push_back(item.seq);
      check_said(item.text, item.place, "the history");
      if (!item.text.empty() && said(item.text) && !seqs_.emplace(item.text, item.seq).second)
        problem(found_.duplicated, "twice in the history: " + item.text);
    }
  }

  // What was said over one connection stands in the order said. What was said over the next ones stands behind all that
  // was acknowledged before; the rest of an earlier connection may have been overtaken.
  void look_at_order(const Poster& poster) {
    std::uint64_t acknowledged_before = 0, last = 0, acknowledged_here = 0;
    std::uint32_t connection = 0;
    for (std::uint64_t number = 0; number < poster.posted(); ++number) {
      if (poster.connection_of(number) != connection) {
        connection = poster.connection_of(number);
        acknowledged_before = std::max(acknowledged_before, acknowledged_here);
        last = 0;
      }
      const auto seq = seqs_.find(poster.text(number));
      if (seq == seqs_.end()) continue;
      if (seq->second < last || seq->second < acknowledged_before)
        problem(found_.out_of_order, "out of order in the history: " + poster.text(number));
      last = seq->second;
      if (poster.acknowledged().contains(last)) acknowledged_here = std::max(acknowledged_here, last);
    }
  }

  bool is_kept_elsewhere(const std::string& place) const { return place.starts_with('@') && !has_direct_; }

  void look_at_answers(const Poster& poster) {
    for (const Acknowledged& answer : poster.acknowledgements()) {
      ++found_.acknowledged;
      const std::string text = poster.text(answer.number);
      note_number(answer.epoch, answer.seq, text);
      if (is_kept_elsewhere(poster.place_of(answer.number))) continue;
      const auto item = stored_.find(answer.seq);
      if (item != stored_.end() && item->second->text == text) continue;
      problem(found_.lost, "acknowledged as " + std::to_string(answer.seq) + " and not in the history there: " + text);
    }
  }

  // (epoch, seq) names one message, whoever received it.
  void note_number(std::uint64_t epoch, std::uint64_t seq, const std::string& text) {
    const auto& known = numbers_[epoch].emplace(seq, text).first->second;
    if (known != text)
      problem(found_.contradictions,
              "number " + std::to_string(seq) + " is " + known + " to one and " + text + " to another");
  }

  void look_at_received(const Poster& poster) {
    std::uint32_t connection = 0;
    std::uint64_t last = 0;
    for (const Heard& heard : poster.heard()) {
      ++found_.received;
      if (heard.connection != connection) last = 0;
      connection = heard.connection;
      if (heard.seq == last) problem(found_.duplicated, poster.name() + " received twice: " + heard.text);
      if (heard.seq < last) problem(found_.out_of_order, poster.name() + " received too late: " + heard.text);
      last = heard.seq;
      note_number(heard.epoch, heard.seq, heard.text);
      check_said(heard.text, heard.place, poster.name().c_str());
      if (is_known(heard) || is_kept_elsewhere(heard.place) || !said(heard.text)) continue;
      ++found_.received_and_gone;
      if (final_epoch_ != 0 && heard.epoch == final_epoch_)
        problem(found_.lost, poster.name() + " received " + std::to_string(heard.seq) + ", " + heard.text +
                                 ", which is gone, and the epoch is the same");
    }
  }

  bool is_known(const Heard& heard) const {
    const auto item = stored_.find(heard.seq);
    return item != stored_.end() && item->second->text == heard.text;
  }

  void look_for_gaps(const Poster& poster) {
    // Of each connection, in each room, the numbers that are in the history too.
    std::map<std::pair<std::uint32_t, std::string>, std::vector<std::uint64_t>> received;
    for (const Heard& heard : poster.heard())
      if (is_known(heard) && !heard.place.starts_with('@') && !poster.missed_on(heard.connection))
        received[{heard.connection, heard.place}].push_back(heard.seq);
    for (auto& [where, seqs] : received) {
      const auto& all = by_place_[where.second];
      auto due = std::ranges::lower_bound(all, seqs.front());
      for (const std::uint64_t seq : seqs) {
        for (; due != all.end() && *due < seq; ++due)
          problem(found_.gaps, poster.name() + " did not receive " + std::to_string(*due) + " in " + where.second);
        if (due != all.end() && *due == seq) ++due;
      }
    }
  }

  const Load& load_;
  const std::vector<HistoryItem>& history_;
  Findings found_;
  std::map<std::string, const Poster*> posters_;
  bool has_direct_ = false;
  std::uint64_t final_epoch_ = 0;
  std::unordered_map<std::uint64_t, const HistoryItem*> stored_;
  std::map<std::string, std::vector<std::uint64_t>> by_place_;
  std::unordered_map<std::string, std::uint64_t> seqs_;  // of a text
  std::map<std::uint64_t, std::unordered_map<std::uint64_t, std::string>> numbers_;
};

}  // namespace

Findings judge(const Load& load, const std::vector<HistoryItem>& history) {
  return Judge(load, history).findings();
}

void check_promises(const Load& load, const std::vector<HistoryItem>& history) {
  const Findings findings = judge(load, history);
  for (const std::string& problem : findings.problems) ADD_FAILURE() << problem;
  EXPECT_TRUE(findings.all_well()) << findings.acknowledged << " acknowledged, " << findings.lost << " lost, "
                                   << findings.duplicated << " duplicated, " << findings.out_of_order
                                   << " out of order, " << findings.invented << " invented, " << findings.gaps
                                   << " gaps";
}

}  // namespace rookery::system_test
