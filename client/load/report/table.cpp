// client/load/report/table.cpp
#include "client/load/report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "client/load/report/findings.h"
#include "client/load/report/rows.h"
#include "client/load/report/units.h"

namespace rookery::load {
namespace {

constexpr std::size_t kFirstColumn = 28;
constexpr std::size_t kLineWidth = 100;

std::string padded(std::string_view text, std::size_t columns, bool right) {
  const std::size_t width = width_of(text);
  const std::string space(width < columns ? columns - width : 0, ' ');
  return right ? space + std::string(text) : std::string(text) + space;
}

// Breaks at spaces; lines after the first begin with `indent` spaces.
void print_wrapped(std::ostream& out, std::string_view text, std::size_t indent) {
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
    if (column > 0 && column + 1 + width_of(word) > kLineWidth) {
      out << '\n' << std::string(indent, ' ');
      column = indent;
    } else if (column > 0) {
      out << ' ';
      ++column;
    }
    out << word;
    column += width_of(word);
  }
  out << '\n';
}

void print_block(std::ostream& out, const Results& results, const Block& block) {
  const std::size_t shapes = std::max<std::size_t>(results.shapes.size(), 1);
  const std::size_t column = std::clamp<std::size_t>((kLineWidth - kFirstColumn) / shapes, 18, 24);
  out << '\n' << padded(block.title, kFirstColumn, false);
  for (const Shape& shape : results.shapes) out << padded(shape.key, column, true);
  out << '\n';
  for (const Row& row : block.rows) {
    std::string line = padded(row.title + (row.unit.empty() ? "" : ", " + row.unit), kFirstColumn, false);
    std::size_t end = kFirstColumn;  // of the cell; a long title takes room from the first one
    for (const Cell& cell : row.cells) {
      std::string text = cell.median.empty() ? "-" : cell.median;
      if (!cell.low.empty()) text += " (" + cell.low + ".." + cell.high + ")";
      end += column;
      const std::size_t room = end - std::min(end, width_of(line));
      line += padded((cell.tool_limited ? std::string(kToolLimitedMark) : " ") + text, room, true);
    }
    out << line;
    out << '\n';
  }
}

void print_findings(std::ostream& out, const Summary& summary) {
  for (const Comparison& comparison : summary.comparisons) {
    out << '\n' << comparison.title << '\n';
    if (&comparison == &summary.comparisons.front())
      for (const std::string& sentence : comparison.in_words) print_wrapped(out, sentence, 4);
    print_wrapped(out, comparison.count, 4);
    for (const Statement& statement : comparison.answer)
      print_wrapped(out, statement.about + ": " + statement.topics + ".", 4);
    if (&comparison != &summary.comparisons.front()) continue;  // the page has them all
    for (const Finding& finding : comparison.findings)
      print_wrapped(out, fmt::format("- {}: {}.", finding.topic, finding.text()), 4);
  }
}

}  // namespace

void print_table(std::ostream& out, const Results& results) {
  const Summary summary = summarize(results);
  for (const std::string& failure : summary.failures) print_wrapped(out, "FAILED: " + failure, 4);
  for (const std::string& caution : summary.cautions) print_wrapped(out, "Note: " + caution, 4);
  if (!summary.failures.empty() || !summary.cautions.empty()) out << '\n';

  out << fmt::format("{} rounds of all shapes in turn on {} cores ({}); median (lowest..highest)\n", results.rounds,
                     results.machine.cores, results.machine.processor);
  for (const Shape& shape : results.shapes) {
    std::string line = "  " + padded(shape.key, 18, false) + shape.title + ":";
    for (const std::string& option : shape.options) line += " " + option;
    out << line << '\n';
  }
  const std::vector<Block> blocks = blocks_of(results);
  for (const Block& block : blocks) print_block(out, results, block);
  if (any_tool_limited(blocks)) {
    out << '\n';
    print_wrapped(out, fmt::format("{} {}", kToolLimitedMark, kToolLimitedNote), 2);
  }
  print_findings(out, summary);
}

}  // namespace rookery::load
