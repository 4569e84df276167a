// master/options/metrics_address.h
//
// Where metrics are served, as --metrics has it: ADDRESS:PORT, [IPV6]:PORT, unix:PATH, or off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::master {

struct MetricsAddress {
  std::string unix_path;  // empty: TCP
  std::string host;       // without the brackets of [::1]
  std::uint16_t port = 0;
};

// Empty: it is none of these.
[[nodiscard]] std::optional<MetricsAddress> parse_metrics_address(std::string_view text);

// Has the form of a host name or an address, without brackets: printable, without blanks, at most 255 bytes.
[[nodiscard]] bool could_be_host(std::string_view text) noexcept;

inline constexpr std::string_view kMetricsOff = "off";

}  // namespace rookery::master
