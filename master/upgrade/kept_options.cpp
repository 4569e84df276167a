#include "master/upgrade/kept_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace rookery::master {

namespace {

std::string_view name_of(Model model) noexcept {
  return model == Model::Event ? "event" : "thread-per-client";
}

}  // namespace

KeptOptions kept_options(const Options& options, std::uint32_t max_clients) {
  return {.host = options.host,
          .port = options.port,
          .activated = options.activated,
          .data = options.data.string(),
          .model = static_cast<std::uint8_t>(options.model),
          .places = options.max_workers,
          .loops = options.loops,
          .max_clients = max_clients,
          .metrics = options.metrics};
}

std::vector<std::string> keep_options(const KeptOptions& kept, Options& options) {
  std::vector<std::string> notes;
  const auto keep = [&](std::string_view name, auto& asked, const auto& stays, const auto& shown) {
    if (asked == stays) return;
    notes.push_back(fmt::format("--{} stays {}: {} needs a new start", name, shown(stays), shown(asked)));
    asked = stays;
  };
  const auto plain = [](const auto& value) { return fmt::format("{}", value); };
  options.activated = kept.activated;
  if (kept.activated) {  // they were not asked the first time either
    options.host = kept.host;
    options.port = kept.port;
  }
  keep("host", options.host, kept.host, plain);
  keep("port", options.port, kept.port, plain);
  keep("data", options.data, std::filesystem::path(kept.data), [](const auto& path) { return path.string(); });
  keep("model", options.model, static_cast<Model>(kept.model), [](Model model) { return name_of(model); });
  keep("max-workers", options.max_workers, static_cast<unsigned>(kept.places), plain);
  keep("loops", options.loops, static_cast<unsigned>(kept.loops), plain);
  keep("metrics", options.metrics, kept.metrics,
       [](const std::string& where) { return where.empty() ? "off" : where; });
  if (options.max_clients && *options.max_clients != kept.max_clients)
    keep("max-clients", *options.max_clients, kept.max_clients, plain);
  options.max_clients = kept.max_clients;
  options.workers = std::min(options.workers, options.max_workers);
  return notes;
}

}  // namespace rookery::master
