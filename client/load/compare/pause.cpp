#include "client/load/compare/pause.h"

#include <algorithm>

namespace rookery::load {

namespace {

Time::duration longest_absence(std::span<const Time> cuts, std::span<const Time> arrivals, Time killed, Time last_due,
                               Time end) {
  Time::duration longest{0};
  for (const Time cut : cuts) {
    if (cut < killed || cut > last_due) continue;
    const auto back = std::ranges::lower_bound(arrivals, cut);
    longest = std::max(longest, (back == arrivals.end() ? end : *back) - cut);
  }
  return longest;
}

}  // namespace

// Backwards, so that what comes after a request is known when it is looked at.
Time::duration pause_of(std::span<const Request> requests, std::span<const Time> cuts, std::span<const Time> arrivals,
                        Time killed, Time last_due, Time end) {
  Time::duration longest = longest_absence(cuts, arrivals, killed, last_due, end);
  Time next_answer = end;
  Time next_arrival = end;
  auto arrival = arrivals.rbegin();
  for (auto request = requests.rbegin(); request != requests.rend(); ++request) {
    for (; arrival != arrivals.rend() && *arrival > request->due; ++arrival) next_arrival = *arrival;
    if (request->is_answered) next_answer = std::min(next_answer, request->answered);
    const Time waited_until = request->is_answered ? request->answered : std::min(next_answer, next_arrival);
    if (request->due <= last_due && waited_until > killed) longest = std::max(longest, waited_until - request->due);
  }
  return longest;
}

}  // namespace rookery::load
