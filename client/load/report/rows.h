// client/load/report/rows.h
//
// The table of a comparison, as text that is ready to be set: on the terminal and on the page it is the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/load/compare/results.h"

namespace rookery::load {

// Of one shape; empty where nothing was measured.
struct Cell {
  std::string median;
  std::string low;  // empty if all samples are equal, as they are read
  std::string high;
  std::size_t samples = 0;
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

// Each experiment at each number of clients that has samples.
[[nodiscard]] std::vector<Block> blocks_of(const Results& results);

}  // namespace rookery::load
