#include "client/load/scenario/ears.h"

#include <algorithm>

namespace rookery::load {

// Of those at the end of what has come.
std::uint64_t Ears::Ear::missing(std::uint64_t end) const noexcept {
  if (!any && from == kNone) return 0;
  const std::uint64_t begin = any ? heard.next() : from;
  return end > begin ? end - begin : 0;
}

void Ears::add(const Speaker& speaker, Channel channel) {
  ears_.emplace_back(speaker, channel);
}

void Ears::set_ajar() noexcept {
  if (state_ == State::Shut) state_ = State::Ajar;
}

void Ears::open() noexcept {
  state_ = State::Open;
  for (Ear& ear : ears_) ear.from = ear.stream->sent.load(std::memory_order_acquire);
}

void Ears::promise() noexcept {
  if (state_ != State::Open) return;
  for (Ear& ear : ears_) ear.promised = ear.stream->acked.load(std::memory_order_acquire);
}

void Ears::collect(bool goes_on) noexcept {
  if (state_ != State::Open) return;
  for (Ear& ear : ears_) {
    if (const std::uint64_t missing = ear.missing(ear.promised); missing > 0) {
      ear.given_up += missing;
      ear.heard.start_at(ear.promised);
      ear.any = true;
    }
    if (!goes_on) ear.from = kNone;
  }
  if (!goes_on) state_ = State::Ajar;
}

void Ears::shut() noexcept {
  state_ = State::Shut;
  for (Ear& ear : ears_) {
    ear.any = false;
    ear.from = kNone;
  }
}

void Ears::hear(std::size_t index, std::uint64_t number, Faults& faults) {
  Ear& ear = ears_[index];
  if (!ear.any) ear.heard.start_at(std::min(number, ear.from));
  ear.any = true;
  ear.heard.take(number, faults);
}

bool Ears::complete() const noexcept {
  if (state_ != State::Open) return true;
  return std::all_of(ears_.begin(), ears_.end(), [](const Ear& ear) {
    return ear.speaker->done.load(std::memory_order_acquire) &&
           ear.missing(ear.stream->acked.load(std::memory_order_acquire)) == 0;
  });
}

std::uint64_t Ears::lost() const noexcept {
  std::uint64_t lost = 0;
  for (const Ear& ear : ears_) {
    lost += ear.given_up + ear.heard.lost(0);
    if (state_ == State::Open) lost += ear.missing(ear.stream->acked.load(std::memory_order_acquire));
  }
  return lost;
}

}  // namespace rookery::load
