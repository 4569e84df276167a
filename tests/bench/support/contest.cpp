#include "tests/bench/support/contest.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <stdexcept>

#include "client/load/compare/process_figures.h"
#include "ipc/os/clock.h"
#include "tests/bench/support/median.h"

namespace rookery::bench {

namespace {

using Clock = os::Monotonic;

constexpr std::chrono::seconds kDeliveredWithin{20};

// What is outstanding in a round, and what has come of it.
class Course final {
 public:
  explicit Course(Contestant& server, bool latencies)
      : server_(server), latencies_(latencies), heard_(latencies ? server.crowd.size() : 0) {}

  void send(std::size_t sender, std::size_t messages = 1) {
    if (latencies_) sent_at_.insert(sent_at_.end(), messages, Clock::now());
    if (messages == 1) {
      server_.crowd.send(sender, server_.say);
    } else {
      burst_.clear();
      for (std::size_t i = 0; i < messages; ++i) burst_ += server_.say;
      server_.crowd.send(sender, burst_);
    }
    sent_ += messages;
  }

  // One turn of the crowd; `answered` is called with the sender and the number of answers that have come to it.
  template <class Answered>
  void turn(Answered answered) {
    const bool came = server_.crowd.turn(kDeliveredWithin, [&](std::size_t client, std::string_view bytes) {
      if (client >= server_.senders) {
        hear(client, count_lines(bytes));
        return;
      }
      std::size_t answers = 0;
      std::size_t lines = 0;
      server_.answers[client].feed(bytes, [&](std::string_view line) { ++(is_answer(line) ? answers : lines); });
      hear(client, lines);
      answered_ += answers;
      if (answers > 0) answered(client, answers);
    });
    if (!came)
      throw std::runtime_error(fmt::format("{}: {} of {} deliveries, {} of {} answers, and no more comes", server_.name,
                                           delivered(), expected(), answered_, sent_));
  }

  [[nodiscard]] bool undelivered() const noexcept { return lines_ < expected_lines(); }
  [[nodiscard]] bool outstanding() const noexcept { return undelivered() || answered_ < sent_; }
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::size_t delivered() const noexcept { return lines_ / server_.lines_each; }
  [[nodiscard]] std::size_t expected() const noexcept { return sent_ * server_.listeners(); }
  void check() const {
    if (lines_ != expected_lines()) throw std::runtime_error(server_.name + ": somebody got a message twice");
  }
  [[nodiscard]] double median_latency_us() {
    if (latency_us_.empty()) return 0;
    const auto middle = latency_us_.begin() + static_cast<std::ptrdiff_t>(latency_us_.size() / 2);
    std::nth_element(latency_us_.begin(), middle, latency_us_.end());
    return static_cast<double>(*middle);
  }

 private:
  [[nodiscard]] std::size_t expected_lines() const noexcept { return expected() * server_.lines_each; }

  // A client gets the messages in the order in which they were sent.
  void hear(std::size_t client, std::size_t lines) {
    lines_ += lines;
    if (!latencies_) return;
    const auto now = Clock::now();
    for (std::size_t& next = heard_[client]; lines >= server_.lines_each; lines -= server_.lines_each, ++next)
      latency_us_.push_back(std::chrono::duration<float, std::micro>(now - sent_at_.at(next)).count());
  }

  Contestant& server_;
  bool latencies_;
  std::string burst_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  std::size_t lines_ = 0;
  std::vector<Clock::time_point> sent_at_;
  std::vector<std::size_t> heard_;
  std::vector<float> latency_us_;
};

// Runs `body` with a course and says what it has cost.
template <class Body>
Round measure_course(Contestant& server, double seconds, bool latencies, Body body) {
  const std::size_t last = server.crowd.size() - 1;
  Course course(server, latencies);
  const std::uint64_t own_before = own_cpu_ns();
  const std::uint64_t segments_before = server.crowd.segments(last);
  load::CostMeter meter(server.processes);
  const std::uint64_t cpu_before = server.cpu_ns();
  meter.begin();
  const std::uint64_t ledger_before = server.ledger != 0 ? load::cpu_ns(server.ledger) : 0;
  const auto begin = Clock::now();
  body(course, begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
  course.check();
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  const auto cpu = static_cast<double>(server.cpu_ns() - cpu_before);
  const load::Costs costs = meter.end();
  const auto deliveries = static_cast<double>(course.delivered());
  const auto messages = static_cast<double>(course.sent());
  Round round;
  round.messages = course.sent();
  round.messages_per_second = messages / took;
  round.deliveries_per_second = deliveries / took;
  round.cpu_us = cpu / 1000 / deliveries;
  round.ledger_share = server.ledger != 0 ? static_cast<double>(load::cpu_ns(server.ledger) - ledger_before) / cpu : 0;
  round.kernel_share = static_cast<double>(costs.system_ns) / static_cast<double>(costs.cpu_ns);
  round.messages_per_write = messages / static_cast<double>(server.crowd.segments(last) - segments_before);
  round.generator_cores = static_cast<double>(own_cpu_ns() - own_before) / 1e9 / took;
  round.latency_us = course.median_latency_us();
  return round;
}

}  // namespace

Contestant Contestant::of_server(const std::string& name, const ServerUnderTest& server, DialectChoice dialect,
                                 const Load& load) {
  return {.name = name,
          .processes = server.processes(),
          .crowd = Crowd(server.port(), load.clients(), ping_line(dialect)),
          .senders = load.senders,
          .say = say_line(dialect, load.text_bytes),
          .ledger = server.ledger()};
}

Contestant Contestant::of_bare(const std::string& name, const BareServer& server, DialectChoice dialect,
                               const Load& load) {
  return {.name = name,
          .processes = {server.pid()},
          .crowd = Crowd(server.port(), load.clients(), ping_line(dialect)),
          .senders = load.senders,
          .say = say_line(dialect, load.text_bytes)};
}

std::uint64_t Contestant::cpu_ns() const {
  std::uint64_t sum = 0;
  try {
    for (const pid_t process : processes) sum += load::cpu_ns(process);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{}: {}", name, error.what()));
  }
  return sum;
}

Round run_round(Contestant& server, std::size_t window, double seconds, bool latencies) {
  return measure_course(server, seconds, latencies, [&](Course& course, Clock::time_point end) {
    for (std::size_t sender = 0; sender < server.senders; ++sender)
      for (std::size_t i = 0; i < window; ++i) course.send(sender);
    while (course.outstanding()) {
      course.turn([&](std::size_t sender, std::size_t answers) {
        if (Clock::now() >= end) return;
        for (; answers > 0; --answers) course.send(sender);
      });
    }
  });
}

Round run_bursts(Contestant& server, std::size_t burst, double seconds) {
  return measure_course(server, seconds, false, [&](Course& course, Clock::time_point end) {
    do {
      course.send(0, burst);
      while (course.undelivered()) course.turn([](std::size_t, std::size_t) {});
    } while (Clock::now() < end);
    while (course.outstanding()) course.turn([](std::size_t, std::size_t) {});
  });
}

Lines learn_lines(Contestant& rookery) {
  Lines lines;
  rookery.crowd.send(0, rookery.say);
  std::size_t delivered = 0;
  while (lines.answer.empty() || delivered < rookery.crowd.size()) {
    const bool came = rookery.crowd.turn(kDeliveredWithin, [&](std::size_t client, std::string_view bytes) {
      if (client >= rookery.senders) {
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

std::size_t count_lines(std::string_view bytes) {
  return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

std::uint64_t own_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

double Rounds::median_of(double Round::*member) const {
  std::vector<double> values;
  for (const Round& round : rounds_) values.push_back(round.*member);
  return median(std::move(values));
}

double Rounds::ratio_to(const Rounds& other, double Round::*member) const {
  std::vector<double> values;
  for (std::size_t i = 0; i < rounds_.size(); ++i) values.push_back(rounds_[i].*member / other.rounds_.at(i).*member);
  return median(std::move(values));
}

}  // namespace rookery::bench
