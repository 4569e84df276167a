// master/console/report_json.h
//
// The console's answers for programs: each is one line, a JSON document that begins with {"ok":true or
// {"ok":false,"error":CODE,"message":... Times are as in the wire protocol; what a row does not have is null.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "master/console/command_line.h"
#include "master/console/report.h"
#include "master/console/rows.h"
#include "master/console/status.h"

namespace rookery::master {

// Of more than `max_bytes` hold, the rest is left out and counted in "left_out".
[[nodiscard]] std::string json_clients(std::span<const ClientRow> rows, std::size_t max_bytes = kMaxReportBytes);
[[nodiscard]] std::string json_count(std::uint64_t clients);
[[nodiscard]] std::string json_processes(std::span<const ProcessRow> rows, std::span<const ShutOutRow> shut_out);
[[nodiscard]] std::string json_status(const ServerStatus& status);
[[nodiscard]] std::string json_help();

// Of an answer in text: its verdict, and in "lines" what stands before it.
[[nodiscard]] std::string json_of_text(std::string_view answer);

}  // namespace rookery::master
