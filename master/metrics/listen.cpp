#include "master/metrics/listen.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ipc/os/errors.h"
#include "master/options/metrics_address.h"
#include "master/supervisor/listener.h"
#include "master/supervisor/start_error.h"

namespace rookery::metrics {

namespace {

using master::StartError;

constexpr int kBacklog = 16;

std::string url_of(const master::Listener& listener) {
  const bool ipv6 = listener.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(ipv6 ? "http://[{}]:{}/metrics" : "http://{}:{}/metrics"), listener.host,
                     listener.port);
}

sockaddr_un address_of(const std::string& path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);  // parse_metrics_address() has seen to it that it fits
  return address;
}

os::FileDescriptor unix_socket() {
  os::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) throw StartError(EX_OSERR, fmt::format("cannot make the metrics' socket: {}", os::error_text(errno)));
  return socket;
}

// A socket there that nobody listens on was left behind by a server that is gone.
void clear_the_way(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode))
    throw StartError(EX_CONFIG, fmt::format("--metrics unix:{}: there is something else, no socket", path));
  const sockaddr_un address = address_of(path);
  const os::FileDescriptor probe = unix_socket();
  const bool refused =
      ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
  if (!refused) throw StartError(EX_UNAVAILABLE, fmt::format("--metrics unix:{}: another program listens there", path));
  ::unlink(path.c_str());
}

os::FileDescriptor listen_at(const std::string& path) {
  clear_the_way(path);
  os::FileDescriptor socket = unix_socket();
  const sockaddr_un address = address_of(path);
  // Owner and group, as the control socket's directory; who may come near it is a matter of the directory it is in.
  constexpr mode_t kMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP;
  const mode_t mask = ::umask(static_cast<mode_t>(~kMode) & 0777U);
  const bool bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int reason = errno;
  ::umask(mask);
  if (!bound || ::listen(socket.get(), kBacklog) != 0)
    throw StartError(EX_CONFIG, fmt::format("--metrics unix:{}: cannot listen there: {}", path,
                                            os::error_text(bound ? errno : reason)));
  return socket;
}

}  // namespace

MetricsListener listen_for_metrics(const std::string& where) {
  const auto address = master::parse_metrics_address(where);
  if (!address) return {};
  if (!address->unix_path.empty()) return {listen_at(address->unix_path), where, address->unix_path};
  master::Listener listener = [&] {
    try {
      return master::listen_on(address->host, address->port, kBacklog);
    } catch (const StartError& error) {
      const std::string why = error.what();  // its advice, in brackets, is about --host and --port
      throw StartError(error.exit_code(), fmt::format("--metrics {}: {}", where, why.substr(0, why.find(" ("))));
    }
  }();
  std::string url = url_of(listener);
  return {std::move(listener.socket), std::move(url), {}};
}

MetricsListener inherited_metrics_listener(const std::string& where, os::FileDescriptor socket) {
  const auto address = master::parse_metrics_address(where);
  if (!socket || !address) return {};
  if (!address->unix_path.empty()) return {std::move(socket), where, address->unix_path};
  master::Listener listener = master::inherited_listener(std::move(socket));
  std::string url = url_of(listener);
  return {std::move(listener.socket), std::move(url), {}};
}

}  // namespace rookery::metrics
