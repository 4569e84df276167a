// What bringing a message to a thousand clients costs: Rookery against two bare epoll servers in the same run.
//     fanout_bench --readers 1000 --senders 1 --window 8
// A sender keeps `window` messages under way; one is under way until its answer has come, which in Rookery means that
// it is on disk (that of $TMPDIR). All clients get all messages, the senders too. Rounds of the three servers and of
// both windows take turns, so that whatever else the machine does meets all alike; ratios are medians of the rounds'
// ratios. Processor time is that of all of a server's processes, kernel included, loopback TCP as well.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"
#include "tests/bench/support/bare_server.h"
#include "tests/bench/support/crowd.h"
#include "tests/bench/support/median.h"
#include "tests/bench/support/options.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {

constexpr std::chrono::seconds kDeliveredWithin{20};

struct Load {
  std::size_t readers = 1000;
  std::size_t senders = 1;
  std::size_t text_bytes = 100;
  std::string say;
};

// One server with its crowd. The first `senders` clients speak.
struct Contestant {
  std::string name;
  std::vector<pid_t> processes;
  Crowd crowd;
  std::vector<LineCutter> answers;  // of each sender
};

struct Round {
  double deliveries_per_second = 0;
  double cpu_us = 0;        // of a delivery
  double ledger_share = 0;  // of it
  double messages_per_second = 0;
};

struct Samples {
  std::vector<double> deliveries_per_second, cpu_us, ledger_share, messages_per_second;
  void add(const Round& round) {
    deliveries_per_second.push_back(round.deliveries_per_second);
    cpu_us.push_back(round.cpu_us);
    ledger_share.push_back(round.ledger_share);
    messages_per_second.push_back(round.messages_per_second);
  }
};

std::uint64_t cpu_of(const std::vector<pid_t>& processes) {
  std::uint64_t sum = 0;
  for (const pid_t process : processes) sum += load::cpu_ns(process);
  return sum;
}

std::size_t count_lines(std::string_view bytes) {
  return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

Round run_round(Contestant& server, const Load& load, std::size_t window, double seconds, pid_t ledger) {
  const auto clock = os::Monotonic::now;
  const std::uint64_t cpu_before = cpu_of(server.processes);
  const std::uint64_t ledger_before = ledger != 0 ? load::cpu_ns(ledger) : 0;
  const auto begin = clock();
  const auto end = begin + std::chrono::duration_cast<os::Monotonic::duration>(std::chrono::duration<double>(seconds));
  std::size_t sent = 0;
  std::size_t answered = 0;
  std::size_t delivered = 0;
  for (std::size_t sender = 0; sender < load.senders; ++sender) {
    for (std::size_t i = 0; i < window; ++i, ++sent) server.crowd.send(sender, load.say);
  }
  while (answered < sent || delivered < sent * server.crowd.size()) {
    const bool came = server.crowd.turn(kDeliveredWithin, [&](std::size_t client, std::string_view bytes) {
      if (client >= load.senders) {
        delivered += count_lines(bytes);
        return;
      }
      std::size_t answers = 0;
      server.answers[client].feed(bytes, [&](std::string_view line) { ++(is_answer(line) ? answers : delivered); });
      answered += answers;
      if (clock() >= end) return;
      for (; answers > 0; --answers, ++sent) server.crowd.send(client, load.say);
    });
    if (!came)
      throw std::runtime_error(fmt::format("{}: {} of {} deliveries, {} of {} answers, and no more comes", server.name,
                                           delivered, sent * server.crowd.size(), answered, sent));
  }
  if (delivered != sent * server.crowd.size()) throw std::runtime_error(server.name + ": somebody got a message twice");
  const double took = std::chrono::duration<double>(clock() - begin).count();
  const auto cpu = static_cast<double>(cpu_of(server.processes) - cpu_before);
  const auto deliveries = static_cast<double>(delivered);
  Round round;
  round.deliveries_per_second = deliveries / took;
  round.cpu_us = cpu / 1000 / deliveries;
  round.ledger_share = ledger != 0 ? static_cast<double>(load::cpu_ns(ledger) - ledger_before) / cpu : 0;
  round.messages_per_second = static_cast<double>(sent) / took;
  return round;
}

struct Lines {
  std::string message;
  std::string answer;
};

// What a message and its answer look like, so that the bare servers send the same bytes.
Lines learn_lines(Contestant& rookery, const Load& load) {
  Lines lines;
  rookery.crowd.send(0, load.say);
  std::size_t delivered = 0;
  while (lines.answer.empty() || delivered < rookery.crowd.size()) {
    const bool came = rookery.crowd.turn(kDeliveredWithin, [&](std::size_t client, std::string_view bytes) {
      if (client >= load.senders) {
        delivered += count_lines(bytes);
        return;
      }
      rookery.answers[client].feed(bytes, [&](std::string_view line) {
        if (!is_answer(line)) ++delivered;
        (is_answer(line) ? lines.answer : lines.message) = std::string(line) + "\n";
      });
    });
    if (!came) throw std::runtime_error("the server does not deliver");
  }
  if (lines.answer.starts_with("ERR") || lines.answer.find("\"ok\":false") != std::string::npos)
    throw std::runtime_error("the server refuses: " + lines.answer);
  return lines;
}

std::vector<double> ratios(const std::vector<double>& ours, const std::vector<double>& theirs) {
  std::vector<double> result;
  for (std::size_t i = 0; i < ours.size(); ++i) result.push_back(ours[i] / theirs[i]);
  return result;
}

void measure(const CommonOptions& options, Load load, std::size_t full_window) {
  load::raise_descriptor_limit();
  load.say = say_line(options.dialect, load.text_bytes);
  const std::string ping = ping_line(options.dialect);
  const std::size_t clients = load.readers + load.senders;

  const ServerUnderTest server(
      options.server, options.server_arguments({"--workers", "1", "--max-clients", std::to_string(clients + 8)}));
  std::vector<Contestant> contestants;
  const auto enter = [&](const char* name, std::vector<pid_t> processes, std::uint16_t port) {
    contestants.push_back({name, std::move(processes), Crowd(port, clients, ping), {}});
    contestants.back().answers.resize(load.senders);
  };
  enter("Rookery", server.processes(), server.port());
  const Lines lines = learn_lines(contestants.front(), load);
  const BareServer each(BareKind::SendEach, lines.message, lines.answer);
  const BareServer batched(BareKind::Batched, lines.message, lines.answer);
  enter("S: one send per message and socket", {each.pid()}, each.port());
  enter("B: one send for all of a turn", {batched.pid()}, batched.port());

  std::vector<std::size_t> windows{full_window};
  if (full_window != 1) windows.push_back(1);
  std::vector<std::array<Samples, 3>> samples(windows.size());
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (std::size_t w = 0; w < windows.size(); ++w) {
      for (std::size_t i = 0; i < contestants.size(); ++i)
        samples[w][i].add(
            run_round(contestants[i], load, windows[w], options.seconds, i == 0 ? server.ledger() : pid_t{0}));
    }
  }

  fmt::print("{} readers, {} senders, a line of {} bytes, {} rounds of {} s each, medians\n\n", load.readers,
             load.senders, lines.message.size(), options.rounds, options.seconds);
  fmt::print("{:>6}  {:<36}{:>12}{:>16}{:>24}\n", "window", "server", "messages/s", "deliveries/s",
             "CPU us per delivery");
  for (std::size_t w = 0; w < windows.size(); ++w) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const Samples& one = samples[w][i];
      fmt::print("{:>6}  {:<36}{:>12.0f}{:>16.0f}{:>24.3f}\n", windows[w], contestants[i].name,
                 median(one.messages_per_second), median(one.deliveries_per_second), median(one.cpu_us));
    }
    const Samples& ours = samples[w][0];
    for (std::size_t i = 1; i < contestants.size(); ++i) {
      const Samples& theirs = samples[w][i];
      fmt::print("{:>6}  {:<36}{:>12}{:>16.2f}{:>24.2f}\n", windows[w],
                 fmt::format("Rookery / {}", contestants[i].name[0]), "",
                 median(ratios(ours.deliveries_per_second, theirs.deliveries_per_second)),
                 median(ratios(ours.cpu_us, theirs.cpu_us)));
    }
    fmt::print("{:>6}  {:<36}{:>51.0f}%\n", windows[w], "of Rookery's CPU, in the ledger",
               100 * median(ours.ledger_share));
  }
}

}  // namespace

}  // namespace rookery::bench

int main(int argc, char** argv) {
  using namespace rookery::bench;
  Load load;
  std::size_t window = 8;
  const CommonOptions options =
      read_options(argc, argv, "What bringing a message to many clients costs.",
                   {{"--readers", &load.readers, "clients that only listen"},
                    {"--senders", &load.senders, "clients that speak"},
                    {"--text-bytes", &load.text_bytes, "of a message"},
                    {"--window", &window, "messages under way of a sender at full load; 1 is measured besides"}});
  return run_bench([&] { measure(options, load, window); });
}
