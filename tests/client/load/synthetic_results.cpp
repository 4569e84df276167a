// tests/client/load/synthetic_results.cpp
#include "tests/client/load/synthetic_results.h"

#include <cmath>
#include <random>
#include <vector>

namespace rookery::load {
namespace {

constexpr double kClients = 100;  // of the experiments that have one number of them

class Generator {
 public:
  explicit Generator(const Truth& truth) : truth_(truth), random_(truth.seed) {}

  Results make() {
    Results results;
    results.version = "0.1.0";
    results.begun = "2026-11-21T10:00:00Z";
    results.seconds = 612;
    results.command = "rookery-load compare";
    results.rounds = truth_.rounds;
    results.machine = {"Example CPU @ 2.40GHz", 4, 8ULL << 30, "Linux 6.1.0", "Debian GNU/Linux 12 (bookworm)", 0.12};
    const std::vector<Shape> shapes{
        {"processes", "4 processes", {"--workers", "4", "--loops", "1"}},
        {"threads", "1 process, 4 threads", {"--workers", "1", "--loops", "4"}},
        {"mixed", "2 processes of 2 threads", {"--workers", "2", "--loops", "2"}},
        {"thread-per-client", "a thread per client", {"--model", "thread-per-client"}},
    };
    for (const Shape& shape : shapes)
      if (truth_.shapes.contains(shape.key)) results.shapes.push_back(shape);
    for (std::uint32_t round = 0; round < truth_.rounds; ++round)
      for (const Shape& shape : results.shapes) add_round(results, round, shape.key, truth_.shapes.at(shape.key));
    return results;
  }

 private:
  double noisy(double value) {
    return value * std::uniform_real_distribution(1 - truth_.noise, 1 + truth_.noise)(random_);
  }

  Sample& add(Results& results, std::string experiment, const std::string& shape, std::uint32_t round, double clients) {
    Sample& sample = results.samples.emplace_back();
    sample.experiment = std::move(experiment);
    sample.shape = shape;
    sample.round = round;
    sample.clients = static_cast<std::uint32_t>(clients);
    sample.command = "rookery-load " + sample.experiment + " --clients " + std::to_string(sample.clients);
    return sample;
  }

  // Log-normal with a heavier tail, as 4,000 values in buckets one 32nd apart.
  nlohmann::json histogram(double median_us) {
    std::map<int, int> buckets;
    std::normal_distribution<double> normal(0, 0.35);
    std::uniform_real_distribution<double> share;
    for (int i = 0; i < 4000; ++i) {
      double value = median_us * std::exp(normal(random_));
      if (share(random_) < 0.01) value *= 1 + 20 * share(random_);
      ++buckets[static_cast<int>(std::ceil(std::log2(value) * 32))];
    }
    nlohmann::json pairs = nlohmann::json::array();
    for (const auto& [bucket, count] : buckets) pairs.push_back({std::exp2(bucket / 32.0), count});
    return pairs;
  }

  void add_load(Sample& sample, const ShapeTruth& shape, double throughput, double latency_us, double cpu_us) {
    auto& figures = sample.figures;
    figures["throughput_per_s"] = noisy(throughput);
    figures["latency_p50_us"] = noisy(latency_us * shape.latency);
    figures["latency_p90_us"] = noisy(latency_us * shape.latency * 1.6);
    figures["latency_p99_us"] = noisy(latency_us * shape.latency * 3);
    figures["latency_p999_us"] = noisy(latency_us * shape.latency * 8);
    figures["latency_max_us"] = noisy(latency_us * shape.latency * 20);
    figures["cpu_user_us_per_op"] = noisy(cpu_us * shape.cpu * 0.3);
    figures["cpu_system_us_per_op"] = noisy(cpu_us * shape.cpu * 0.7);
    figures["cpu_us_per_op"] = figures["cpu_user_us_per_op"] + figures["cpu_system_us_per_op"];
    figures["switches_voluntary_per_op"] = noisy(0.4 * shape.switches);
    figures["switches_involuntary_per_op"] = noisy(0.02 * shape.switches);
    sample.detail["histogram"] = histogram(latency_us * shape.latency);
  }

  void add_round(Results& results, std::uint32_t round, const std::string& key, const ShapeTruth& shape) {
    add(results, "start", key, round, 0).figures["start_ms"] = noisy(12 * shape.start);
    for (const double clients : {0.0, 100.0, 1000.0}) {
      auto& figures = add(results, "memory", key, round, clients).figures;
      figures["pss_bytes"] = noisy(8e6 * shape.memory) + clients * 3000 * shape.memory_per_client;
      figures["page_tables_bytes"] = 4e5 * shape.memory + clients * 40 * shape.memory_per_client;
    }
    for (const double clients : {10.0, 100.0, 1000.0}) {
      const double throughput = 160'000 * shape.throughput * clients / (clients + 12);
      add_load(add(results, "echo", key, round, clients), shape, throughput, clients / throughput * 1e6, 9);
    }
    for (const double clients : {10.0, 100.0, 1000.0}) {
      const double throughput = 600'000 * shape.throughput * clients / (clients + 50);
      add_load(add(results, "fanout", key, round, clients), shape, throughput, 80 + clients, 1.7);
    }
    Sample& paced = add(results, "paced", key, round, kClients);
    add_load(paced, shape, 10'000, 130, 14);
    paced.figures.erase("throughput_per_s");
    paced.figures["rate_per_s"] = 10'000;
    add_crash(add(results, "crash", key, round, kClients), shape);
  }

  void add_crash(Sample& sample, const ShapeTruth& shape) {
    const double cut_off = std::round(kClients * shape.killed_share);
    sample.figures = {{"cut_off", cut_off},       {"killed_of", cut_off},  {"paused", 0}, {"pause_p50_ms", noisy(3)},
                      {"pause_max_ms", noisy(9)}, {"unanswered", cut_off}, {"lost", 0}};
    nlohmann::json timeline = nlohmann::json::array();
    for (int at = -500; at < 1000; at += 20)
      timeline.push_back({at, std::round(noisy(at < 0 ? 1600 : 1600 * (1 - shape.killed_share)))});
    sample.detail = {{"timeline", timeline}, {"bucket_ms", 20}};
  }

  const Truth& truth_;
  std::mt19937 random_;
};

}  // namespace

Truth Truth::alike() {
  return {{{"processes", {}}, {"threads", {}}, {"mixed", {}}, {"thread-per-client", {}}}};
}

Truth Truth::realistic() {
  Truth truth = alike();
  truth.noise = 0.06;
  truth.shapes["processes"] = {1.05, 1, 1, 1, 1.6, 1, 1.5, 0.25};
  truth.shapes["threads"] = {1, 1.05, 1.02, 1.1, 1, 1, 1, 1};
  truth.shapes["mixed"] = {1.03, 1.02, 1, 1.05, 1.2, 1, 1.2, 0.5};
  truth.shapes["thread-per-client"] = {0.7, 1.5, 1.5, 4, 0.9, 8, 0.8, 1};
  return truth;
}

Results synthetic_results(const Truth& truth) {
  return Generator(truth).make();
}

}  // namespace rookery::load
