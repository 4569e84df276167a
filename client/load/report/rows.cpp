// client/load/report/rows.cpp
#include "client/load/report/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "client/load/compare/figures.h"
#include "client/load/report/units.h"

namespace rookery::load {
namespace {

Row row_of(std::string title, std::string_view unit, const std::vector<Spread>& spreads) {
  double largest = 0;
  for (const Spread& spread : spreads)
    if (!spread.empty()) largest = std::max(largest, spread.median());
  const Scale scale = scale_for(unit, largest);
  const bool counts = unit == "clients" || unit == "requests" || unit == "messages";  // the title says of what
  Row row{std::move(title), counts ? "" : std::string(scale.unit), {}};
  for (const Spread& spread : spreads) {
    Cell& cell = row.cells.emplace_back();
    cell.samples = spread.values.size();
    if (spread.empty()) continue;
    const auto text = [&scale](double value) {
      value *= scale.factor;
      // Two decimals: beside larger numbers in the row more would pretend.
      return format_number(value, std::abs(value) < 1 ? (std::abs(value) < 0.1 ? 1 : 2) : 3);
    };
    cell.median = text(spread.median());
    const std::string low = text(spread.low());
    const std::string high = text(spread.high());
    if (low == high) continue;
    cell.low = low;
    cell.high = high;
  }
  return row;
}

std::string experiment_title(const std::string& experiment) {
  if (experiment == "fanout") return "fan-out";
  if (experiment == "paced") return "fixed rate";
  return experiment;
}

// In the order in which they are first found, so that the table follows the run.
std::vector<std::string> experiments_of(const Results& results) {
  std::vector<std::string> names;
  for (const Sample& sample : results.samples)
    if (std::find(names.begin(), names.end(), sample.experiment) == names.end()) names.push_back(sample.experiment);
  return names;
}

std::set<std::string> figures_of(const Results& results, const std::string& experiment, std::uint32_t clients) {
  std::set<std::string> names;
  for (const Sample& sample : results.samples)
    if (sample.experiment == experiment && sample.clients == clients)
      for (const auto& [name, value] : sample.figures) names.insert(name);
  return names;
}

}  // namespace

std::vector<Block> blocks_of(const Results& results) {
  std::vector<Block> blocks;
  for (const std::string& experiment : experiments_of(results)) {
    for (const std::uint32_t clients : client_counts(results, experiment)) {
      Block block{experiment, clients, experiment_title(experiment), {}};
      if (clients > 0)
        block.title += fmt::format(", {} client{}", readable(clients, "clients"), clients == 1 ? "" : "s");
      std::set<std::string> left = figures_of(results, experiment, clients);
      const auto add = [&](const std::string& key, std::string title, std::string_view unit) {
        std::vector<Spread> spreads;
        for (const Shape& shape : results.shapes)
          spreads.push_back(spread_of(results, experiment, shape.key, clients, key));
        Row& row = block.rows.emplace_back(row_of(std::move(title), unit, spreads));
        for (std::size_t i = 0; i < row.cells.size() && tool_can_limit(experiment, key); ++i)
          row.cells[i].tool_limited = tool_limited_samples(results, experiment, results.shapes[i].key, clients) > 0;
        left.erase(key);
      };
      for (const FigureKind& kind : figure_kinds())
        if (left.contains(std::string(kind.key))) add(std::string(kind.key), std::string(kind.title), kind.unit);
      for (const std::string& unknown : std::set<std::string>(left)) add(unknown, unknown, "");
      blocks.push_back(std::move(block));
    }
  }
  std::vector<Spread> slopes;
  for (const Shape& shape : results.shapes) slopes.push_back(memory_per_client(results, shape.key));
  const auto memory =
      std::find_if(blocks.rbegin(), blocks.rend(), [](const Block& block) { return block.experiment == "memory"; });
  if (memory != blocks.rend() &&
      std::any_of(slopes.begin(), slopes.end(), [](const Spread& one) { return !one.empty(); }))
    memory->rows.insert(memory->rows.begin() + 1, row_of("  for each client", "bytes", slopes));
  return blocks;
}

bool any_tool_limited(const std::vector<Block>& blocks) noexcept {
  for (const Block& block : blocks)
    for (const Row& row : block.rows)
      for (const Cell& cell : row.cells)
        if (cell.tool_limited) return true;
  return false;
}

}  // namespace rookery::load
