#include "master/supervisor/service_manager.h"

#include <systemd/sd-daemon.h>

#include "ipc/log.h"
#include "ipc/os/errors.h"

namespace rookery::master {

void tell_service_manager(const std::string& state) {
  const int result = ::sd_notify(0, state.c_str());
  if (result < 0) log::warning("cannot tell the service manager {}: {}", state, os::error_text(-result));
}

}  // namespace rookery::master
