// docs/labs/killed_counter.h
//
// A process that changes two numbers which must agree, over and over, and is killed at a random instant; for the lab
// dead-lock-holder.
//
//     const bool inside = kill_at_random(step, [&](Diary::Writer& diary) {   // in a process of its own
//       for (;; work_for(step)) count_message(tally, step, diary);           // where `tally` is shared
//     });
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "ipc/shm/shared_array.h"

namespace rookery::labs {

struct Tally {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;

  [[nodiscard]] bool agrees() const noexcept;
};

// What the process leaves about itself: is it in the middle of a change, how many has it made? It alone writes there.
enum : std::uint64_t { kInside, kDone, kDiaryWords };
using Diary = shm::SharedArray<std::uint64_t>;

// The change: two steps of work. Between its halves the numbers do not agree.
void count_message(Tally& tally, std::chrono::microseconds step, Diary::Writer& diary);

// Uses the processor for so long. (A sleep would take longer than a step.)
void work_for(std::chrono::microseconds time);

// Runs `body` in a child, waits for its first change, and kills it within ten steps. True: it died in the middle of a
// change. Throws std::runtime_error if it ends by itself.
[[nodiscard]] bool kill_at_random(std::chrono::microseconds step, const std::function<void(Diary::Writer&)>& body);

}  // namespace rookery::labs
