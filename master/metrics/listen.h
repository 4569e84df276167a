// master/metrics/listen.h
//
// The socket at which metrics are asked for. The master binds it, so that it outlives every exporter and an upgrade,
// and never accepts.
#pragma once

#include <string>

#include "ipc/os/file_descriptor.h"

namespace rookery::metrics {

struct MetricsListener {
  os::FileDescriptor socket;  // empty: metrics are off
  std::string where;          // "http://127.0.0.1:9100/metrics", "unix:/run/rookery/metrics.sock"
  std::string unix_path;      // to be removed at the end; empty: none
};

// `where` as in Options::metrics. Throws StartError: 69 when the place is taken, 78 when it cannot be had.
[[nodiscard]] MetricsListener listen_for_metrics(const std::string& where);

// The same, bound before by another program in this process.
[[nodiscard]] MetricsListener inherited_metrics_listener(const std::string& where, os::FileDescriptor socket);

}  // namespace rookery::metrics
