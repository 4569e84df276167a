#include "master/supervisor/activation.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include <string_view>
#include <utility>

#include "ipc/os/errors.h"
#include "master/supervisor/start_error.h"

namespace rookery::master {

namespace {

StartError refusal(std::string_view what) {
  return {EX_CONFIG, fmt::format("cannot serve on the socket that was passed (LISTEN_FDS): {} (one ListenStream= with "
                                 "a TCP port is needed, and Accept=no)",
                                 what)};
}

void check(int descriptor) {
  const auto is = [&](int family, int type, int listening) {
    return ::sd_is_socket(descriptor, family, type, listening) > 0;
  };
  if (!is(AF_UNSPEC, 0, -1)) throw refusal("it is no socket");
  if (!is(AF_INET, 0, -1) && !is(AF_INET6, 0, -1)) throw refusal("it is not of the Internet");
  if (!is(AF_UNSPEC, SOCK_STREAM, -1)) throw refusal("it is not TCP");
  if (!is(AF_UNSPEC, SOCK_STREAM, 1)) throw refusal("it does not listen");
}

}  // namespace

std::optional<Listener> activated_listener() {
  const int count = ::sd_listen_fds(1);
  if (count < 0) throw refusal(os::error_text(-count));
  if (count == 0) return std::nullopt;
  if (count > 1) throw refusal(fmt::format("there are {}", count));
  check(SD_LISTEN_FDS_START);
  return adopted_listener(os::FileDescriptor(SD_LISTEN_FDS_START));
}

}  // namespace rookery::master
