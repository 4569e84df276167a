// client/load/report/rows.h
//
// The table of a comparison, as text that is ready to be set: on the terminal and on the page it is the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/load/compare/results.h"

namespace rookery::load {

// Of one shape; empty where nothing was measured.
struct Cell {
  std::string median;
  std::string low;  // empty if all samples are equal, as they are read
  std::string high;
  std::size_t samples = 0;
  bool tool_limited = false;  // in at least one of the samples the load tool was the limit of this very figure
};

struct Row {
  std::string title;        // "latency, p99"
  std::string unit;         // of all cells: "ms"
  std::vector<Cell> cells;  // as Results::shapes
};

struct Block {
  std::string experiment;
  std::uint32_t clients = 0;
  std::string title;  // "echo, 100 clients"
  std::vector<Row> rows;
};

// What the mark of such a cell means; for below the table.
inline constexpr std::string_view kToolLimitedMark = "*";
inline constexpr std::string_view kToolLimitedNote =
    "In at least one of these runs the load tool was the limit, not the server: such figures do not tell shapes apart.";
[[nodiscard]] bool any_tool_limited(const std::vector<Block>& blocks) noexcept;

// Each experiment at each number of clients that has samples.
[[nodiscard]] std::vector<Block> blocks_of(const Results& results);

}  // namespace rookery::load
