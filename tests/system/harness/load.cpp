#include "tests/system/harness/load.h"

namespace rookery::system_test {
namespace {

LoadSetup in_one_room(std::size_t posters, std::string room) {
  LoadSetup setup;
  setup.posters = posters;
  setup.rooms = {std::move(room)};
  return setup;
}

}  // namespace

Load::Load(std::uint16_t port, std::size_t posters, std::string room)
    : Load(port, in_one_room(posters, std::move(room))) {}

Load::Load(std::uint16_t port, const LoadSetup& setup)
    : state_(port), ended_(std::make_unique<std::atomic<bool>[]>(setup.posters)) {
  for (std::size_t i = 0; i < setup.posters; ++i) posters_.push_back(std::make_unique<Poster>(state_, setup, i));
  for (std::size_t i = 0; i < setup.posters; ++i)
    threads_.emplace_back([this, i] {
      posters_[i]->run();
      ended_[i] = true;
    });
}

Load::~Load() {
  finish();
}

void Load::finish() {
  state_.stop = true;
  wait_until_closed();
}

void Load::leave() {
  for (const auto& poster : posters_) poster->leave();
}

void Load::wait_until_closed() {
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Load::wait_for_progress(std::uint64_t more, std::chrono::milliseconds within) const {
  std::vector<std::uint64_t> goals;
  for (const auto& poster : posters_) goals.push_back(poster->acknowledged_count() + more);
  const auto all_are_there = [&] {
    for (std::size_t i = 0; i < posters_.size(); ++i)
      if (!ended_[i] && posters_[i]->acknowledged_count() < goals[i]) return false;
    return true;
  };
  eventually("every poster gets " + std::to_string(more) + " more acknowledgements", all_are_there, within);
}

std::uint64_t Load::acknowledged_count() const {
  std::uint64_t count = 0;
  for (const auto& poster : posters_) count += poster->acknowledged_count();
  return count;
}

}  // namespace rookery::system_test
