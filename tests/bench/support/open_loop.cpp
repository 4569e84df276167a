#include "tests/bench/support/open_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "ipc/os/clock.h"

namespace rookery::bench {

namespace {

using Clock = os::Monotonic;

constexpr std::chrono::seconds kNewsOfLoopWithin{20};

// Of all deliveries at once some ten million; so only these many clients' are kept, spread over the crowd.
constexpr std::size_t kListenersKept = 250;

double at(const std::vector<float>& sorted, double part) {
  const auto place = static_cast<std::size_t>(static_cast<double>(sorted.size()) * part);
  return static_cast<double>(sorted[std::min(sorted.size() - 1, place)]);
}

}  // namespace

OpenLoopFigures run_open_loop(Contestant& server, double messages_per_second, double seconds) {
  const auto total = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(messages_per_second * seconds)));
  const std::size_t clients = server.crowd.size();
  const std::size_t every = std::max<std::size_t>(1, clients / kListenersKept);
  std::vector<std::size_t> heard(clients);
  std::vector<float> latency_us;
  latency_us.reserve(total * (clients / every + 1));

  const std::uint64_t cpu_before = server.cpu_ns();
  const std::uint64_t segments_before = server.crowd.segments(clients - 1);
  const auto begin = Clock::now();
  const auto due = [&](std::size_t message) {
    return begin + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(static_cast<double>(message) / messages_per_second));
  };
  std::size_t sent = 0;
  std::size_t delivered = 0;
  std::size_t answered = 0;
  const auto send_what_is_due = [&](Clock::time_point now) {
    for (; sent < total && due(sent) <= now; ++sent) server.crowd.send(sent % server.senders, server.say);
  };
  auto last_news = begin;
  while (delivered < total * clients || answered < total) {
    auto now = Clock::now();
    send_what_is_due(now);
    if (now - last_news > kNewsOfLoopWithin)
      throw std::runtime_error(fmt::format("{}: {} of {} deliveries, {} of {} answers, and no more comes", server.name,
                                           delivered, total * clients, answered, total));
    const auto patience = sent < total ? due(sent) - now : Clock::duration(kNewsOfLoopWithin);
    server.crowd.turn(std::max(patience, Clock::duration::zero()), [&](std::size_t client, std::string_view bytes) {
      now = last_news = Clock::now();
      send_what_is_due(now);
      std::size_t messages = 0;
      if (client < server.senders) {
        server.answers[client].feed(bytes, [&](std::string_view line) { ++(is_answer(line) ? answered : messages); });
      } else {
        messages = count_lines(bytes);
      }
      delivered += messages;
      for (; messages > 0; --messages, ++heard[client]) {
        if (client % every == 0)
          latency_us.push_back(std::chrono::duration<float, std::micro>(now - due(heard[client])).count());
      }
    });
  }

  std::sort(latency_us.begin(), latency_us.end());
  OpenLoopFigures figures;
  figures.p50_us = at(latency_us, 0.5);
  figures.p99_us = at(latency_us, 0.99);
  figures.most_us = at(latency_us, 1);
  figures.messages_per_write =
      static_cast<double>(total) / static_cast<double>(server.crowd.segments(clients - 1) - segments_before);
  figures.cpu_us = static_cast<double>(server.cpu_ns() - cpu_before) / 1000 / static_cast<double>(delivered);
  return figures;
}

}  // namespace rookery::bench
