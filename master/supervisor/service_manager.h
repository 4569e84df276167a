// master/supervisor/service_manager.h
//
// Tells systemd how we are, where it is systemd that started us (NOTIFY_SOCKET); elsewhere this does nothing.
#pragma once

#include <string>

namespace rookery::master {

// Lines of VARIABLE=VALUE as sd_notify(3) has them.
void tell_service_manager(const std::string& state);

}  // namespace rookery::master
