#include "master/options/metrics_address.h"

#include <sys/un.h>

#include <algorithm>
#include <charconv>

namespace rookery::master {

namespace {
constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kMaxHostBytes = 255;  // the longest name DNS has
}  // namespace

bool could_be_host(std::string_view text) noexcept {
  const bool printable = std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 0x7f; });
  return !text.empty() && text.size() <= kMaxHostBytes && printable;
}

std::optional<MetricsAddress> parse_metrics_address(std::string_view text) {
  MetricsAddress address;
  if (text.starts_with(kUnix)) {
    address.unix_path = text.substr(kUnix.size());
    const bool fits = !address.unix_path.empty() && address.unix_path.size() < sizeof sockaddr_un::sun_path;
    if (!fits || address.unix_path.find('\0') != std::string::npos) return std::nullopt;
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)  // an IPv6 address without them: which part is the port?
    return std::nullopt;
  if (!could_be_host(host)) return std::nullopt;
  address.host = host;
  return address;
}

}  // namespace rookery::master
