#include "master/supervisor/penalty_box.h"

#include <algorithm>

namespace rookery::master {

bool PenaltyBox::accuse(const chat::SourceAddress& source, TimePoint now) {
  if (source.is_none()) return false;
  forget_old(now);
  const chat::SourceAddress network = source.network();
  const auto known = std::ranges::find(entries_, network, &Entry::network);
  if (known == entries_.end())
    entries_.push_back({.network = network});
  else
    entries_.splice(entries_.end(), entries_, known);
  Entry& entry = entries_.back();
  if (entry.until > now) return false;
  entry.crashes.push_back(now);
  if (!entry.on_probation && entry.crashes.size() < kCrashesToShutOut) return false;
  entry.crashes.clear();
  entry.on_probation = true;
  entry.until = now + kShutOutFor;
  return true;
}

std::vector<PenaltyBox::Penalty> PenaltyBox::in_force(TimePoint now) const {
  std::vector<Penalty> result;
  for (const Entry& entry : entries_)
    if (entry.until > now) result.push_back({entry.network, entry.until});
  std::ranges::sort(result, std::greater{}, &Penalty::until);
  return result;
}

std::vector<PenaltyBox::Record> PenaltyBox::records() const {
  std::vector<Record> result;
  for (const Entry& entry : entries_)
    if (entry.on_probation) result.push_back({entry.network, entry.until, entry.on_probation});
  return result;
}

void PenaltyBox::restore(const Record& record) {
  if (entries_.size() >= kMostSuspects) entries_.pop_front();
  entries_.push_back({.network = record.network, .until = record.until, .on_probation = record.on_probation});
}

void PenaltyBox::forget_old(TimePoint now) {
  for (Entry& entry : entries_) {
    while (!entry.crashes.empty() && now - entry.crashes.front() > kCrashesWithin) entry.crashes.pop_front();
    if (entry.on_probation && now - entry.until > kOnProbationFor) entry.on_probation = false;
  }
  std::erase_if(entries_, [](const Entry& entry) { return entry.crashes.empty() && !entry.on_probation; });
  while (entries_.size() >= kMostSuspects) entries_.pop_front();
}

}  // namespace rookery::master
