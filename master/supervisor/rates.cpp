#include "master/supervisor/rates.h"

namespace rookery::master {

namespace {
double a_second(std::uint64_t count, std::chrono::duration<double> over) {
  return static_cast<double>(count) / over.count();
}
}  // namespace

void Rates::look(TimePoint now, std::uint64_t newest_seq, const std::vector<std::uint64_t>& deliveries) {
  const bool first = looks_.empty();
  Totals totals = first ? Totals{now, 0, 0} : looks_.back();
  totals.when = now;
  // 0: the ledger has not said yet where it goes on.
  if (newest_seq_ != 0 && newest_seq > newest_seq_) totals.messages += newest_seq - newest_seq_;
  newest_seq_ = newest_seq;
  deliveries_.resize(deliveries.size());
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (!first) totals.deliveries += deliveries[i] - (deliveries[i] >= deliveries_[i] ? deliveries_[i] : 0);
    deliveries_[i] = deliveries[i];
  }
  looks_.push_back(totals);
  while (looks_.size() > 2 && now - looks_[1].when >= kOver) looks_.pop_front();
}

ShownRates Rates::shown() const {
  if (looks_.size() < 2) return {};
  const auto over = looks_.back().when - looks_.front().when;
  if (over <= TimePoint::duration::zero()) return {};
  return {.over = std::chrono::duration_cast<std::chrono::milliseconds>(over),
          .messages = a_second(looks_.back().messages - looks_.front().messages, over),
          .deliveries = a_second(looks_.back().deliveries - looks_.front().deliveries, over)};
}

}  // namespace rookery::master
