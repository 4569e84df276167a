#include "client/load/compare/experiments.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/load/compare/interrupt.h"
#include "client/load/compare/machine.h"
#include "client/load/compare/process_figures.h"
#include "client/load/run.h"
#include "ipc/os/clock.h"

namespace rookery::load {
namespace {

using std::chrono::milliseconds;

double in_us(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

class CostObserver final : public Observer {
 public:
  explicit CostObserver(std::vector<pid_t> processes) : meter_(std::move(processes)) {}

  // The machine's clocks first, both times: to read the switches of many threads takes long.
  void counting_begins() override {
    begun_ = reading();
    meter_.begin();
  }
  void counting_ends() override {
    const Reading ended = reading();
    costs_ = meter_.end();
    const double own = ended.own - begun_.own + static_cast<double>(costs_.cpu_ns) / 1e9;
    const double seconds = std::chrono::duration<double>(ended.moment - begun_.moment).count();
    if (seconds > 0) others_ = std::max(0.0, ended.busy - begun_.busy - own) / seconds;
  }
  void waits() override { throw_if_interrupted(); }

  [[nodiscard]] const Costs& costs() const noexcept { return costs_; }
  // How many cores were busy with neither the server nor this program.
  [[nodiscard]] double others() const noexcept { return others_; }

 private:
  struct Reading {
    os::Monotonic::time_point moment;
    double busy = 0;  // seconds, of all cores
    double own = 0;   // of this program
  };
  static Reading reading() {
    return {os::Monotonic::now(), busy_core_seconds(), static_cast<double>(cpu_ns(::getpid())) / 1e9};
  }

  CostMeter meter_;
  Reading begun_;
  double others_ = 0;
  Costs costs_;
};

std::map<std::string, double> memory_of(const std::vector<pid_t>& processes) {
  return {{"pss_bytes", static_cast<double>(pss_bytes(processes))},
          {"page_tables_bytes", static_cast<double>(page_tables_bytes(processes))}};
}

class MemoryObserver final : public Observer {
 public:
  explicit MemoryObserver(std::vector<pid_t> processes) : processes_(std::move(processes)) {}

  void counting_ends() override { figures_ = memory_of(processes_); }
  void waits() override { throw_if_interrupted(); }

  [[nodiscard]] const std::map<std::string, double>& figures() const noexcept { return figures_; }

 private:
  std::vector<pid_t> processes_;
  std::map<std::string, double> figures_;
};

// In words, with the first examples.
void add_failures(const Faults& faults, Sample& sample) {
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count > 0) sample.failures.push_back(fmt::format("{} {}", count, what));
  };
  add(faults.lost, "messages were lost");
  add(faults.doubled, "messages came twice");
  add(faults.out_of_order, "messages came out of order");
  add(faults.wrong_bytes, "messages had other bytes than were sent");
  add(faults.unanswered, "requests were not answered");
  add(faults.closed, "connections were closed by the server");
  add(faults.not_connected, "clients could not connect");
  for (const auto& [code, count] : faults.refused)
    sample.failures.push_back(fmt::format("{} requests were refused: {}", count, code));
  sample.failures.insert(sample.failures.end(), faults.examples.begin(), faults.examples.end());
}

nlohmann::json detail_of(const LoadOutcome& outcome, double others) {
  nlohmann::json histogram = nlohmann::json::array();
  for (const auto& [edge, count] : outcome.latency.buckets()) histogram.push_back({in_us(edge), count});
  nlohmann::json detail{{"histogram", std::move(histogram)}, {"other_programs_cores", others}};
  if (!outcome.remarks.empty()) detail["remarks"] = outcome.remarks;
  return detail;
}

}  // namespace

std::string command_of(const LoadPlan& plan) {
  std::string command = fmt::format("rookery-load {} --clients {}", to_string(plan.mode), plan.clients);
  if (plan.mode == Mode::Fanout) command += fmt::format(" --senders {}", plan.senders);
  if (plan.mode != Mode::Idle && plan.window != 1) command += fmt::format(" --window {}", plan.window);
  if (plan.open_loop()) command += fmt::format(" --rate {}", plan.rate_per_s);
  const auto seconds = [](milliseconds time) { return std::chrono::duration<double>(time).count(); };
  command += fmt::format(" --warm-up {} --seconds {}", seconds(plan.warm_up), seconds(plan.duration));
  if (plan.threads != 1) command += fmt::format(" --threads {}", plan.threads);
  return command;
}

std::uint32_t load_threads(std::uint32_t cores, std::uint32_t clients) noexcept {
  return std::clamp(cores / 2, 1U, std::max(clients, 1U));
}

std::string command_of(std::string_view experiment, const Shape& shape, const CompareOptions& options) {
  if (experiment == "crash")
    return fmt::format("rookery-load compare{} --rounds 1 --parallel {} --shapes {}", options.quick ? " --quick" : "",
                       options.parallel, shape.key);
  return fmt::format("rookery-master {}", fmt::join(shape.options, " "));
}

void measure_load(const StartedServer& server, LoadPlan plan, Sample& sample) {
  plan.server = server.endpoint();
  sample.command = command_of(plan);
  CostObserver observer(server.processes());
  const LoadOutcome outcome = run_load(plan, observer);
  add_failures(outcome.faults, sample);
  if (outcome.operations == 0) {
    sample.failures.emplace_back("nothing was answered while it was counted");
    return;
  }
  // What is spent in a second by what is done in one: the two are not measured over exactly the same time.
  const Costs& costs = observer.costs();
  const auto us_per_op = [&](std::uint64_t ns) {
    return static_cast<double>(ns) / 1000 / costs.seconds / outcome.per_second();
  };
  const auto switches_per_op = [&](std::uint64_t switches) {
    return static_cast<double>(switches) / costs.switch_seconds / outcome.per_second();
  };
  const Histogram& latency = outcome.latency;
  sample.figures = {
      {"throughput_per_s", outcome.per_second()},
      {"latency_p50_us", in_us(latency.at(0.5))},
      {"latency_p90_us", in_us(latency.at(0.9))},
      {"latency_p99_us", in_us(latency.at(0.99))},
      {"latency_p999_us", in_us(latency.at(0.999))},
      {"latency_max_us", in_us(latency.max())},
      {"cpu_us_per_op", us_per_op(costs.cpu_ns)},
      {"cpu_user_us_per_op", us_per_op(costs.user_ns)},
      {"cpu_system_us_per_op", us_per_op(costs.system_ns)},
      {"switches_voluntary_per_op", switches_per_op(costs.voluntary)},
      {"switches_involuntary_per_op", switches_per_op(costs.involuntary)},
  };
  if (plan.open_loop()) sample.figures["rate_per_s"] = plan.rate_per_s;
  sample.detail = detail_of(outcome, observer.others());
}

void measure_memory(const StartedServer& server, std::uint32_t clients, Sample& sample) {
  if (clients == 0) {
    sample.figures = memory_of(server.processes());
    return;
  }
  LoadPlan plan;
  plan.mode = Mode::Idle;
  plan.server = server.endpoint();
  plan.clients = clients;
  plan.warm_up = milliseconds{100};
  plan.duration = milliseconds{100};
  sample.command = command_of(plan);
  MemoryObserver observer(server.processes());
  add_failures(run_load(plan, observer).faults, sample);
  sample.figures = observer.figures();
}

}  // namespace rookery::load
