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
  return "<span class=\"none\">not told</span>";
}

std::string duration(double seconds) {
  return seconds < 120 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} minutes", seconds / 60);
}

std::string cell_html(const Cell& cell) {
  if (cell.median.empty()) return "<td class=\"number\">–</td>";
  std::string html = fmt::format("<td class=\"number\">{}{}", cell.tool_limited ? kToolLimitedMark : "", cell.median);
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

// How many findings chance alone is expected to have made.
std::string chance_html(const Results& results, const Summary& summary) {
  std::size_t contrasts = 0;
  double by_chance = 0;
  for (const Comparison& comparison : summary.comparisons) {
    for (const Finding& finding : comparison.findings) {
      contrasts += finding.contrasts;
      by_chance += finding.by_chance;
    }
  }
  if (contrasts == 0) return {};
  return fmt::format(
      "A topic is called better if that is so with at least one number of clients and nowhere the other way round. "
      "With "
      "{0} samples of each, chance alone separates two equal shapes once in {1} comparisons, with fewer more often; "
      "{2} "
      "comparisons at one number of clients are behind this page, so expect up to {3} that owe it to chance.",
      results.rounds, format_number(separated_by_chance_once_in(results.rounds, results.rounds)),
      format_number(static_cast<double>(contrasts)), format_number(by_chance, by_chance < 1 ? 1 : 2));
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
  std::string html = fmt::format("<div class=\"answer\"><p class=\"pair\">{} against {}</p>",
                                 shape_mark(results, comparison.first), shape_mark(results, comparison.second));
  for (const std::string& sentence : comparison.in_words) html += "<p>" + escape_html(sentence) + "</p>";
  for (auto other = summary.comparisons.begin() + 1; other != summary.comparisons.end(); ++other)
    if (!other->in_short.empty()) html += "<p>" + escape_html(other->in_short) + "</p>";
  return html + "<p class=\"quiet\">" + escape_html(comparison.count) +
         " The sections below go through them topic by topic, and through the other shapes.</p></div>";
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
    if (&comparison != &summary.comparisons.front())  // of that one it stands at the top of the page
      html += "<p>" + escape_html(comparison.count) + "</p>";
    html += statements_html(comparison);
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
  const std::vector<Block> blocks = blocks_of(results);
  if (any_tool_limited(blocks)) html += fmt::format("<p>{} {}</p>", kToolLimitedMark, kToolLimitedNote);
  for (const Block& block : blocks) {
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
  std::vector<std::string> experiments;
  for (const Sample& sample : results.samples)
    if (std::find(experiments.begin(), experiments.end(), sample.experiment) == experiments.end())
      experiments.push_back(sample.experiment);
  std::string html = fmt::format(
      "<p>The command was <code>{}</code> and took {}. Each round takes every shape through every experiment before "
      "the "
      "next round begins, so that what changes on the machine meanwhile meets all of them. In each round each shape is "
      "one server, freshly started, that goes through the experiments in this order: {}. It is driven over loopback; "
      "every answer is checked, and a run with a wrong, lost or doubled one counts as failed.</p>"
      "<p>The load tool and the server share the {} of this machine, and neither is pinned to any: what the tool "
      "takes, "
      "the server lacks. Where the tool was the limit, throughput and latency at full load are not compared.</p>",
      escape_html(results.command), duration(results.seconds), escape_html(listed(experiments)),
      results.machine.cores == 1 ? "single core" : format_number(results.machine.cores) + " cores");
  html += fmt::format(
      "<p>“Better” stands here only where <em>every</em> sample of one shape is beyond <em>every</em> sample of the "
      "other and the medians are at least {:.0f} % apart. All else is called no difference beyond the noise. ",
      kLeastDifference * 100);
  html += chance_html(results, summary);
  return html +
         "</p><p>CPU, context switches and memory are those of all processes of the server together; memory is PSS, in "
         "which a page that several processes share counts once. PSS has neither kernel stacks nor the buffers of "
         "sockets; page tables, which it lacks too, stand beside it where they were measured. At a fixed rate a "
         "latency counts from the moment the request was due, not "
         "from when it could be sent. A pause after a crash is the time from the due moment of a request, or from the "
         "end of the connection, to the next answer.</p>";
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
    for (const std::string& remark : remarks_of(sample))
      html += " <span class=\"remark\">" + escape_html(remark) + "</span>";
    html += "</li>";
  }
  return html + "</ol></details>";
}

}  // namespace rookery::load
