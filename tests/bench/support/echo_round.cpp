#include "tests/bench/support/echo_round.h"

#include <chrono>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"

namespace rookery::bench {

namespace {
constexpr std::chrono::seconds kAnswerWithin{20};
}

EchoRound run_echo_round(Crowd& crowd, const std::vector<pid_t>& processes, const std::string& request,
                         double seconds) {
  const auto cpu = [&processes] {
    std::uint64_t sum = 0;
    for (const pid_t process : processes) sum += load::cpu_ns(process);
    return sum;
  };
  const std::uint64_t cpu_before = cpu();
  const auto begin = os::Monotonic::now();
  const auto end = begin + std::chrono::duration_cast<os::Monotonic::duration>(std::chrono::duration<double>(seconds));
  std::size_t answered = 0;
  std::size_t outstanding = 0;
  bool over = false;
  for (std::size_t client = 0; client < crowd.size(); ++client, ++outstanding) crowd.send(client, request);
  while (outstanding > 0) {
    const bool came = crowd.turn(kAnswerWithin, [&](std::size_t client, std::string_view bytes) {
      if (!bytes.ends_with('\n')) return;  // the rest of the answer is still to come
      ++answered;
      --outstanding;
      if (over) return;
      crowd.send(client, request);
      ++outstanding;
    });
    if (!came) throw std::runtime_error("a request got no answer");
    over = os::Monotonic::now() >= end;
  }
  const double took = std::chrono::duration<double>(os::Monotonic::now() - begin).count();
  const double cpu_seconds = static_cast<double>(cpu() - cpu_before) / 1e9;
  return {static_cast<double>(answered) / cpu_seconds, static_cast<double>(answered) / took};
}

}  // namespace rookery::bench
