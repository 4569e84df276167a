#include "client/load/compare/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "client/load/compare/experiments.h"
#include "client/load/compare/interrupt.h"
#include "client/load/compare/machine.h"
#include "client/load/compare/started_server.h"
#include "client/load/compare/step_progress.h"
#include "client/load/run.h"
#include "ipc/os/processors.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kServerTime = 150ms;      // to start and stop one
constexpr double kConnectSeconds = 0.0001;  // for a client to come and go
constexpr std::uint32_t kFanoutSenders = 4;
constexpr std::uint32_t kFanoutWindow = 4;
constexpr int kCalibrations = 3;
constexpr double kPacedShare = 0.5;          // of what the slowest shape can do
constexpr std::uint32_t kSpareClients = 64;  // connections of our own besides the measured ones

// One experiment of the list that each server goes through.
struct Step {
  std::string experiment;
  std::uint32_t clients = 0;
  Seconds time;
  std::function<void(const StartedServer&, Sample&)> measure;
};

LoadPlan plan_for(Mode mode, std::uint32_t clients, const Timing& timing, std::chrono::milliseconds duration) {
  LoadPlan plan;
  plan.mode = mode;
  plan.clients = clients;
  plan.warm_up = timing.warm_up;
  plan.duration = duration;
  // To ask costs about what it costs to answer. No core belongs to either: they share them all, and what one takes the
  // other lacks.
  plan.threads = load_threads(os::usable_processors(), clients);
  return plan;
}

// Enough clients that the server has something to do at the same time, few enough that nobody queues.
std::uint32_t paced_clients(const CompareOptions& options) {
  return options.clients[options.clients.size() / 2];
}

std::vector<Step> steps_of(const CompareOptions& options, double rate_per_s, std::uint32_t round) {
  const Timing timing = timing_of(options);
  std::vector<Step> steps;
  const auto add = [&](const char* experiment, std::uint32_t clients, Seconds time,
                       std::function<void(const StartedServer&, Sample&)> measure) {
    steps.push_back({experiment, clients, time + Seconds(kConnectSeconds * clients), std::move(measure)});
  };
  const auto add_load = [&](const char* experiment, const LoadPlan& plan) {
    add(experiment, plan.clients, plan.warm_up + plan.duration,
        [plan](const StartedServer& server, Sample& sample) { measure_load(server, plan, sample); });
  };

  add("start", 0, 0s,
      [](const StartedServer& server, Sample& sample) { sample.figures["start_ms"] = server.start_ms(); });
  // The server alone, with some and with many clients.
  std::vector<std::uint32_t> idle{0};
  idle.insert(idle.end(), options.clients.size() > 2 ? options.clients.end() - 2 : options.clients.begin(),
              options.clients.end());
  for (const std::uint32_t clients : idle) {
    add("memory", clients, clients == 0 ? 0ms : 200ms,
        [clients](const StartedServer& server, Sample& sample) { measure_memory(server, clients, sample); });
  }
  for (const std::uint32_t clients : options.clients)
    add_load("echo", plan_for(Mode::Echo, clients, timing, timing.echo));
  for (const std::uint32_t readers : options.clients) {
    if (options.quick && readers != paced_clients(options)) continue;
    LoadPlan plan = plan_for(Mode::Fanout, readers, timing, timing.fanout);
    plan.senders = kFanoutSenders;
    plan.window = kFanoutWindow;
    add_load("fanout", plan);
  }
  LoadPlan paced = plan_for(Mode::Echo, paced_clients(options), timing, timing.paced);
  paced.rate_per_s = rate_per_s;
  add_load("paced", paced);
  const CrashPlan& crash = timing.crash;
  add("crash", crash.clients, crash.warm_up + crash.before + crash.after,
      [crash, round](const StartedServer& server, Sample& sample) { measure_crash(server, crash, round, sample); });
  return steps;
}

Seconds time_of(const std::vector<Step>& steps) {
  Seconds sum = kServerTime;
  for (const Step& step : steps) sum += step.time;
  return sum;
}

Seconds calibration_time(const CompareOptions& options) {
  const Timing timing = timing_of(options);
  return (kServerTime + (timing.warm_up + timing.calibration) * kCalibrations) *
         static_cast<double>(options.shapes.size());
}

class Comparison final {
 public:
  Comparison(const CompareOptions& options, Results& results)
      : options_(options), results_(results), progress_(expected_time(options)) {}

  // A rate that every shape can keep up with.
  double find_rate() {
    std::optional<double> slowest;
    std::string last_error;
    for (const Shape& shape : options_.shapes) {
      throw_if_interrupted();
      progress_.step(fmt::format("finding a rate for all: {}", shape.title), done_);
      try {
        const StartedServer server(options_.server, shape, max_clients());
        const double throughput = best_throughput(server);
        if (throughput > 0) slowest = std::min(slowest.value_or(throughput), throughput);
      } catch (const Interrupted&) {
        throw;
      } catch (const std::exception& error) {
        last_error = error.what();  // the rounds will tell
      }
      done_ += calibration_time(options_) / static_cast<double>(options_.shapes.size());
    }
    if (!slowest) throw std::runtime_error("no shape of the server can be measured: " + last_error);
    const double rate = *slowest * kPacedShare;
    const double grain = std::pow(10, std::floor(std::log10(rate)) - 1);  // two digits, for people
    return std::floor(rate / grain) * grain;
  }

  void measure(const Shape& shape, std::uint32_t round, double rate_per_s) {
    const std::vector<Step> steps = steps_of(options_, rate_per_s, round);
    const Seconds done_before = done_;
    std::optional<StartedServer> server;
    for (const Step& step : steps) {
      throw_if_interrupted();
      progress_.step(fmt::format("round {} of {}, {}: {}{}", round + 1, options_.rounds, shape.title, step.experiment,
                                 step.clients == 0 ? "" : fmt::format(", {} clients", step.clients)),
                     done_);
      Sample sample;
      sample.experiment = step.experiment;
      sample.shape = shape.key;
      sample.round = round;
      sample.clients = step.clients;
      sample.command = command_of(step.experiment, shape, options_);
      try {
        if (!server) server.emplace(options_.server, shape, max_clients());
        step.measure(*server, sample);
      } catch (const Interrupted&) {
        throw;
      } catch (const std::exception& error) {
        sample.failures.emplace_back(error.what());
      }
      for (const std::string& failure : sample.failures)
        progress_.say(fmt::format("{}, {}: {}", shape.title, step.experiment, failure));
      results_.samples.push_back(std::move(sample));
      if (!server) break;  // it does not start: one failure is enough
      done_ += step.time;
    }
    done_ = done_before + time_of(steps);
  }

 private:
  // One bad moment must not decide at which rate everything is measured. 0: nothing was answered.
  double best_throughput(const StartedServer& server) {
    const Timing timing = timing_of(options_);
    double best = 0;
    for (int i = 0; i < kCalibrations; ++i) {
      Sample sample;
      measure_load(server, plan_for(Mode::Echo, paced_clients(options_), timing, timing.calibration), sample);
      const auto throughput = sample.figures.find("throughput_per_s");
      if (throughput != sample.figures.end()) best = std::max(best, throughput->second);
    }
    return best;
  }

  [[nodiscard]] std::uint32_t max_clients() const {
    // Those of a dead worker count for a moment more, while they are back already.
    return std::max(options_.clients.back() + kFanoutSenders, 2 * timing_of(options_).crash.clients) + kSpareClients;
  }

  const CompareOptions& options_;
  Results& results_;
  StepProgress progress_;
  Seconds done_{0};  // of the expected time
};

}  // namespace

Seconds expected_time(const CompareOptions& options) {
  return calibration_time(options) +
         time_of(steps_of(options, 0, 0)) * static_cast<double>(options.shapes.size()) * options.rounds;
}

void run_comparison(const CompareOptions& options, Results& results, const std::function<void()>& keep) {
  Comparison comparison(options, results);
  const double rate_per_s = comparison.find_rate();
  for (std::uint32_t round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < options.shapes.size(); ++i) {
      comparison.measure(options.shapes[(round + i) % options.shapes.size()], round, rate_per_s);
      keep();
    }
  }
}

}  // namespace rookery::load
