// What many rooms cost: 1,000 rooms of 10 members, one of whom speaks in each, against one room of 1,000, at the same
// rate of deliveries and with as many messages in a write. And what a message costs a worker that has no member of its
// room.
//     rooms_bench --rooms 1000 --members 10 --per-second 50000
// Messages are due at a fixed rate, the speakers in turn, each `burst` of them at once, which then leave in one write
// if the server does not tear them apart: messages/write says so. In the one room the first ten members speak. The many
// rooms have a hundred times as many messages for the same deliveries, and each of them is read, ordered, stored and
// acknowledged.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/promises.h"
#include "tests/bench/support/room_crowd.h"

namespace rookery::bench {

namespace {

constexpr double kManyOfOne = 1.3;
// "Nothing": what a loop may spend on a message for none of its clients, of what the server spends on it.
constexpr double kNothing = 0.02;
constexpr std::size_t kBurst = 8;
constexpr std::size_t kClients = 40;
constexpr double kMessagesBesideStranger = 1000;  // a second

struct Shape {
  std::size_t rooms = 1000;
  std::size_t members = 10;
};

double median_of(const std::vector<RoomFigures>& all, double RoomFigures::*member) {
  std::vector<double> values;
  values.reserve(all.size());
  for (const RoomFigures& one : all) values.push_back(one.*member);
  return median(std::move(values));
}

void compare_shapes(const CommonOptions& options, const Shape& shape, double per_second, Promises& promises) {
  const std::size_t others = shape.rooms;  // members of the one room
  const std::size_t clients = shape.rooms * shape.members;
  const ServerUnderTest many_server(
      options.server, options.server_arguments({"--workers", "1", "--max-clients", std::to_string(clients + 8)}));
  const ServerUnderTest one_server(
      options.server, options.server_arguments({"--workers", "1", "--max-clients", std::to_string(others + 8)}));
  RoomCrowd many(many_server, shape.rooms, shape.members);
  RoomCrowd one(one_server, 1, others);
  fmt::print("{} rooms of {} and one of {}, {} rounds of {} s each, medians\n\n", shape.rooms, shape.members, others,
             options.rounds, options.seconds);
  fmt::print("{:>6}{:>14}  {:<14}{:>14}{:>14}{:>16}{:>18}\n", "burst", "deliveries/s", "", "messages/s", "CPU us each",
             "messages/write", "CPU us a message");
  for (const std::size_t burst : {std::size_t{1}, kBurst}) {
    const double deliveries = per_second * static_cast<double>(burst);
    std::vector<RoomFigures> of_many;
    std::vector<RoomFigures> of_one;
    std::vector<double> ratios;
    for (std::size_t round = 0; round < options.rounds; ++round) {
      of_many.push_back(many.run(deliveries, burst, options.seconds));
      of_one.push_back(one.run(deliveries, burst, options.seconds));
      ratios.push_back(of_many.back().cpu_us / of_one.back().cpu_us);
    }
    for (const auto* all : {&of_many, &of_one}) {
      const auto members = static_cast<double>(all == &of_many ? shape.members : others);
      fmt::print("{:>6}{:>14.0f}  {:<14}{:>14.0f}{:>14.3f}{:>16.1f}{:>18.2f}\n", burst,
                 median_of(*all, &RoomFigures::deliveries_per_second), all == &of_many ? "many rooms" : "one room",
                 median_of(*all, &RoomFigures::deliveries_per_second) / members, median_of(*all, &RoomFigures::cpu_us),
                 median_of(*all, &RoomFigures::messages_per_write), median_of(*all, &RoomFigures::cpu_us) * members);
    }
    promises.at_most(
        fmt::format("{} rooms of {}, {} at once: CPU a delivery, of one room of {}", shape.rooms, shape.members,
                    burst == 1 ? "one message" : fmt::format("{} messages", burst), others),
        fmt::format("{:.2f} µs", median_of(of_many, &RoomFigures::cpu_us)), median(ratios), kManyOfOne,
        fmt::format("{:.1f} and {:.1f} messages a write", median_of(of_many, &RoomFigures::messages_per_write),
                    median_of(of_one, &RoomFigures::messages_per_write)));
  }
}

// Two workers; all members of the room are at one of them.
void compare_workers(const CommonOptions& options, Promises& promises) {
  const ServerUnderTest server(options.server, options.server_arguments({"--workers", "2"}));
  RoomCrowd crowd = RoomCrowd::at_one_worker(server, kClients, 0);
  const pid_t stranger = server.worker(1);
  std::vector<double> us, share, wakes;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    load::CostMeter resting({stranger});
    resting.begin();
    crowd.rest(options.seconds);
    const load::Costs at_rest = resting.end();
    load::CostMeter meter({stranger});
    const double rate = kMessagesBesideStranger * static_cast<double>(crowd.members());
    meter.begin();
    const RoomFigures figures = crowd.run(rate, 1, options.seconds);
    const load::Costs costs = meter.end();
    const auto messages = static_cast<double>(figures.messages);
    const auto besides = [&](std::uint64_t busy, std::uint64_t idle) {
      return static_cast<double>(busy) - static_cast<double>(idle) * costs.seconds / at_rest.seconds;
    };
    us.push_back(std::max(0.0, besides(costs.cpu_ns, at_rest.cpu_ns)) / 1000 / messages);
    wakes.push_back(std::max(0.0, besides(costs.voluntary, at_rest.voluntary)) / messages);
    share.push_back(us.back() / (figures.cpu_us * static_cast<double>(crowd.members())));
  }
  fmt::print(
      "\n{:.0f} messages/s in a room of {} at one worker: the other, whose {} clients are in none of its rooms, "
      "spends {:.2f} us and wakes {:.2f} times a message\n",
      kMessagesBesideStranger, crowd.members(), kClients - crowd.members(), median(us), median(wakes));
  promises.at_most("a message in a worker without a member of its room: CPU, of all that it costs",
                   fmt::format("{:.2f} µs, {:.2f} wake-ups", median(us), median(wakes)), median(share), kNothing,
                   "promised is nothing");
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  Shape shape;
  std::size_t per_second = 50'000;
  const CommonOptions options =
      read_options(argc, argv, "What many rooms cost.",
                   {{"--rooms", &shape.rooms, "of the many; as many members has the one"},
                    {"--members", &shape.members, "of each of the many"},
                    {"--per-second", &per_second, "deliveries, times the messages of a burst"}});
  return run_bench([&] {
    rookery::load::raise_descriptor_limit();
    Promises promises;
    compare_shapes(options, shape, static_cast<double>(per_second), promises);
    compare_workers(options, promises);
    promises.print();
  });
}
