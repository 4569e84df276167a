#include "client/load/outcome.h"

#include <nlohmann/json.hpp>

namespace rookery::load {
namespace {

constexpr std::size_t kExamples = 8;

double microseconds(Histogram::Nanoseconds time) {
  return static_cast<double>(time.count()) / 1000.0;
}

nlohmann::json latency_json(const Histogram& latency) {
  nlohmann::json buckets = nlohmann::json::array();
  for (const auto& [edge, count] : latency.buckets()) buckets.push_back({microseconds(edge), count});
  return {{"count", latency.count()},
          {"min", microseconds(latency.min())},
          {"mean", microseconds(latency.mean())},
          {"p50", microseconds(latency.at(0.5))},
          {"p90", microseconds(latency.at(0.9))},
          {"p99", microseconds(latency.at(0.99))},
          {"p999", microseconds(latency.at(0.999))},
          {"max", microseconds(latency.max())},
          {"histogram", buckets}};
}

nlohmann::json plan_json(const LoadPlan& plan) {
  nlohmann::json json = {{"mode", to_string(plan.mode)},
                         {"server", client::to_string(plan.server)},
                         {"dialect", wire::to_string(plan.dialect)},
                         {"loop", plan.open_loop() ? "open" : "closed"},
                         {"clients", plan.clients},
                         {"message_bytes", plan.message_bytes},
                         {"warm_up_s", static_cast<double>(plan.warm_up.count()) / 1000.0},
                         {"duration_s", static_cast<double>(plan.duration.count()) / 1000.0},
                         {"threads", plan.threads},
                         {"seed", plan.seed}};
  if (plan.mode == Mode::Fanout) json["senders"] = plan.senders;
  if (plan.open_loop()) {
    json["rate_per_s"] = plan.rate_per_s;
  } else {
    json["window"] = plan.window;
  }
  return json;
}

nlohmann::json faults_json(const Faults& faults) {
  return {{"lost", faults.lost},
          {"doubled", faults.doubled},
          {"out_of_order", faults.out_of_order},
          {"wrong_bytes", faults.wrong_bytes},
          {"unanswered", faults.unanswered},
          {"closed", faults.closed},
          {"not_connected", faults.not_connected},
          {"refused", faults.refused},
          {"examples", faults.examples}};
}

}  // namespace

bool Faults::none() const noexcept {
  return lost + doubled + out_of_order + wrong_bytes + unanswered + closed + not_connected == 0 && refused.empty();
}

void Faults::add(const Faults& other) {
  lost += other.lost;
  doubled += other.doubled;
  out_of_order += other.out_of_order;
  wrong_bytes += other.wrong_bytes;
  unanswered += other.unanswered;
  closed += other.closed;
  not_connected += other.not_connected;
  for (const auto& [code, count] : other.refused) refused[code] += count;
  for (const std::string& words : other.examples) example(words);
}

void Faults::example(std::string words) {
  if (examples.size() < kExamples) examples.push_back(std::move(words));
}

nlohmann::json to_json(const LoadOutcome& outcome) {
  nlohmann::json json = {{"plan", plan_json(outcome.plan)},
                         {"ok", outcome.ok()},
                         {"seconds", outcome.seconds},
                         {"operations", outcome.operations},
                         {"sent", outcome.sent},
                         {"throughput_per_s", outcome.per_second()},
                         {"latency_us", latency_json(outcome.latency)},
                         {"faults", faults_json(outcome.faults)},
                         {"remarks", outcome.remarks}};
  if (!outcome.latency_of.empty()) {
    nlohmann::json& of = json["latency_of_us"];
    for (const auto& [kind, latency] : outcome.latency_of) of[kind] = latency_json(latency);
  }
  if (!outcome.figures.empty()) json["figures"] = outcome.figures;
  return json;
}

std::string json_text(const LoadOutcome& outcome) {
  return to_json(outcome).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace rookery::load
