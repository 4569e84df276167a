// client/load/report/page_parts.cpp
#include "client/load/report/page_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/load/compare/figures.h"
#include "client/load/report/fill.h"
#include "client/load/report/rows.h"
#include "client/load/report/units.h"

namespace rookery::load {
namespace {

// A shape's name with its colour and symbol beside it.
std::string shape_mark(const Results& results, const std::string& key) {
  return fmt::format("<span class=\"shape\" data-colour=\"{}\">{}</span>", shape_colour(key),
                     escape_html(shape_name(results, key)));
}

std::string list_html(const std::vector<std::string>& items) {
  std::string html = "<ul>";
  for (const std::string& item : items) html += "<li>" + escape_html(item) + "</li>";
  return html + "</ul>";
}

std::string verdict_html(const Results& results, const Comparison& comparison, Outcome outcome) {
  switch (outcome) {
    case Outcome::FirstBetter:
      return shape_mark(results, comparison.first);
    case Outcome::SecondBetter:
      return shape_mark(results, comparison.second);
    case Outcome::Depends:
      return "it depends";
    case Outcome::NoDifference:
      return "<span class=\"none\">no difference</span>";
    case Outcome::Unknown:
      break;
  }
  return "<span class=\"none\">not to be told</span>";
}

std::string duration(double seconds) {
  return seconds < 120 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} minutes", seconds / 60);
}

std::string cell_html(const Cell& cell) {
  if (cell.median.empty()) return "<td class=\"number\">–</td>";
  std::string html = "<td class=\"number\">" + cell.median;
  if (!cell.low.empty()) html += "<span class=\"spread\">" + cell.low + " – " + cell.high + "</span>";
  return html + "</td>";
}

std::string statements_html(const Comparison& comparison) {
  std::string html;
  for (const Statement& statement : comparison.answer)
    html += (statement.outcome == Outcome::NoDifference || statement.outcome == Outcome::Unknown ? "<p class=\"quiet\">"
                                                                                                 : "<p>") +
            ("<strong>" + escape_html(statement.about)) + ":</strong> " + escape_html(statement.topics) + ".</p>";
  return html;
}

}  // namespace

std::string time_html(const Results& results) {
  const std::string begun = escape_html(results.begun);
  std::string readable_time = begun;
  if (const std::size_t t = readable_time.find('T'); t != std::string::npos) readable_time[t] = ' ';
  return fmt::format("<time datetime=\"{}\">{}</time>", begun, readable_time);
}

std::string subtitle_html(const Results& results) {
  return fmt::format(
      "The same chat server in {} shapes, {} rounds each, measured one after the other in turn on {} cores ({}), {}.",
      results.shapes.size(), results.rounds, results.machine.cores, escape_html(results.machine.processor),
      escape_html(results.machine.system));
}

std::string shapes_html(const Results& results) {
  std::string html = "<ul class=\"shapes\">";
  for (const Shape& shape : results.shapes) {
    const std::string title = shape.title == shape_name(results, shape.key) ? "" : " · " + escape_html(shape.title);
    html += fmt::format("<li>{}{}<code>{}</code></li>", shape_mark(results, shape.key), title,
                        escape_html(fmt::format("{}", fmt::join(shape.options, " "))));
  }
  return html + "</ul>";
}

std::string warnings_html(const Summary& summary) {
  std::string html;
  if (!summary.failures.empty()) {
    html +=
        "<section class=\"failures\"><h2>Something was wrong</h2><p>Until it is understood, "
        "do not trust the figures of these samples; they are counted all the same.</p>" +
        list_html(summary.failures) + "</section>";
  }
  if (!summary.cautions.empty()) html += "<aside class=\"note\">" + list_html(summary.cautions) + "</aside>";
  return html;
}

std::string answer_html(const Results& results, const Summary& summary) {
  if (summary.comparisons.empty()) return "<p>There is only one shape, and nothing to compare it with.</p>";
  const Comparison& comparison = summary.comparisons.front();
  return fmt::format("<div class=\"answer\"><p class=\"pair\">{} against {}</p><p>{}</p>{}</div>",
                     shape_mark(results, comparison.first), shape_mark(results, comparison.second),
                     escape_html(comparison.count), statements_html(comparison));
}

std::string figures_html(const std::vector<Plot>& plots) {
  std::string html;
  for (const Plot& plot : plots) {
    const bool wide = plot.kind == Plot::Kind::Percentiles || plot.kind == Plot::Kind::Timeline;
    html += fmt::format(
        "<figure id=\"{0}\"{1}><h3>{2}</h3><div class=\"canvas\"><canvas role=\"img\" "
        "aria-label=\"{3}\"></canvas></div>"
        "<figcaption>{4}</figcaption></figure>\n",
        plot.id, wide ? " class=\"wide\"" : "", escape_html(plot.title), escape_html(plot.essence),
        escape_html(plot.how_to_read));
  }
  return html;
}

std::string comparisons_html(const Results& results, const Summary& summary) {
  std::string html;
  for (const Comparison& comparison : summary.comparisons) {
    html += "<h3>" + escape_html(comparison.title) + "</h3>";
    if (&comparison != &summary.comparisons.front())  // that one is at the top of the page
      html += "<p>" + escape_html(comparison.count) + "</p>" + statements_html(comparison);
    html +=
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"findings\"><thead><tr><th scope=\"col\">Topic</th><th "
        "scope=\"col\">Better</th><th scope=\"col\">By how "
        "much</th></tr></thead><tbody>";
    for (const Finding& finding : comparison.findings) {
      html += "<tr><td>" + escape_html(finding.topic) + "</td><td class=\"verdict\">" +
              verdict_html(results, comparison, finding.outcome) + "</td><td>";
      for (const std::string& line : finding.lines) html += "<div>" + escape_html(line) + "</div>";
      html += "</td></tr>";
    }
    html += "</tbody></table></div>\n";
  }
  return html;
}

std::string tables_html(const Results& results) {
  std::string html;
  for (const Block& block : blocks_of(results)) {
    html += "<div class=\"scroll\" tabindex=\"0\"><table class=\"figures\"><caption>" + escape_html(block.title) +
            "</caption><thead><tr><th scope=\"col\"></th>";
    for (const Shape& shape : results.shapes)
      html += "<th scope=\"col\" class=\"number\">" + shape_mark(results, shape.key) + "</th>";
    html += "</tr></thead><tbody>";
    for (const Row& row : block.rows) {
      html += "<tr><th scope=\"row\">" + escape_html(row.title);
      if (!row.unit.empty()) html += " <span class=\"unit\">" + escape_html(row.unit) + "</span>";
      html += "</th>";
      for (const Cell& cell : row.cells) html += cell_html(cell);
      html += "</tr>";
    }
    html += "</tbody></table></div>\n";
  }
  return html;
}

std::string method_html(const Results& results, const Summary& summary) {
  std::size_t contrasts = 0;
  for (const Comparison& comparison : summary.comparisons) contrasts += comparison.findings.size();
  std::string html = fmt::format(
      "<p>The command was <code>{}</code> and took {}. Each round takes every experiment through every shape before "
      "the "
      "next round begins, so that what changes on the machine meanwhile meets all of them. Every run is a server "
      "freshly "
      "started, driven over loopback; every answer is checked, and a run with a wrong, lost or doubled one counts as "
      "failed.</p>",
      escape_html(results.command), duration(results.seconds));
  html += fmt::format(
      "<p>“Better” stands here only where <em>every</em> sample of one shape is beyond <em>every</em> sample of the "
      "other "
      "and the medians are at least {:.0f} % apart. All else is called no difference beyond the noise. ",
      kLeastDifference * 100);
  if (results.rounds >= kLeastSamples) {
    const double once_in = separated_by_chance_once_in(results.rounds);
    html += fmt::format(
        "With {} rounds chance alone separates two equal shapes once in {} comparisons; there are {} topics on this "
        "page, so "
        "expect about {} that owe it to chance.",
        results.rounds, format_number(once_in), contrasts, format_number(static_cast<double>(contrasts) / once_in, 1));
  }
  return html +
         "</p><p>CPU, context switches and memory are those of all processes of the server together; memory is PSS, in "
         "which a page that several processes share counts once. At a fixed rate a latency counts from the moment the "
         "request was due, not from when it could be sent.</p>";
}

std::string machine_html(const Results& results) {
  const Machine& machine = results.machine;
  const auto row = [](std::string_view name, const std::string& value) {
    return fmt::format("<dt>{}</dt><dd>{}</dd>", name, escape_html(value));
  };
  return "<dl>" + row("Processor", machine.processor) + row("Cores", format_number(machine.cores)) +
         row("Memory", readable(static_cast<double>(machine.memory_bytes), "bytes")) + row("System", machine.system) +
         row("Kernel", machine.kernel) + row("Load before", fmt::format("{:.2f}", machine.load_before)) +
         row("Rookery", results.version) + row("Begun", results.begun) + row("Took", duration(results.seconds)) +
         "</dl>";
}

std::string commands_html(const Results& results) {
  std::string html = fmt::format("<details><summary>{} samples and their commands</summary><ol class=\"samples\">",
                                 format_number(static_cast<double>(results.samples.size())));
  for (const Sample& sample : results.samples) {
    html += fmt::format("<li>{}: <code>{}</code>", escape_html(name_of(results, sample)), escape_html(sample.command));
    for (const std::string& failure : sample.failures)
      html += " <span class=\"failed\">" + escape_html(failure) + "</span>";
    html += "</li>";
  }
  return html + "</ol></details>";
}

}  // namespace rookery::load
