// master/metrics/metrics.h
//
// All metrics as Prometheus reads them. docs/metrics.md has the list; a test compares it with what is served.
//
// To add one: count in a region (ipc/chat/counters.h), write a family here, a row there.
#pragma once

#include <string>

#include "master/metrics/health.h"
#include "master/metrics/sight.h"

namespace rookery::metrics {

[[nodiscard]] std::string all_metrics(const Sight& sight, const Health& health);

}  // namespace rookery::metrics
