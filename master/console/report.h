// master/console/report.h
//
// The tables of `list` and `workers`: a line of headings, a line for each row, aligned for people and split by blanks
// for programs.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "master/console/rows.h"

namespace rookery::master {

// Enough for 30,000 clients and more. Of a longer list the rest is left out, which a line before the last says.
inline constexpr std::size_t kMaxReportBytes = 4 * 1024 * 1024;

// Both end in "OK N clients" or "OK N workers".
[[nodiscard]] std::string report_clients(std::span<const ClientRow> rows, std::size_t max_bytes = kMaxReportBytes);
[[nodiscard]] std::string report_processes(std::span<const ProcessRow> rows, std::span<const ShutOutRow> shut_out = {});

}  // namespace rookery::master
