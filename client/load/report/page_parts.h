// client/load/report/page_parts.h
//
// The parts of the page that are made of results: each is HTML, with all foreign text escaped.
#pragma once

#include <string>
#include <vector>

#include "client/load/compare/results.h"
#include "client/load/report/findings.h"
#include "client/load/report/plots.h"

namespace rookery::load {

[[nodiscard]] std::string time_html(const Results& results);
[[nodiscard]] std::string subtitle_html(const Results& results);
[[nodiscard]] std::string shapes_html(const Results& results);
[[nodiscard]] std::string warnings_html(const Summary& summary);
[[nodiscard]] std::string answer_html(const Results& results, const Summary& summary);
[[nodiscard]] std::string figures_html(const std::vector<Plot>& plots);
[[nodiscard]] std::string comparisons_html(const Results& results, const Summary& summary);
[[nodiscard]] std::string tables_html(const Results& results);
[[nodiscard]] std::string method_html(const Results& results, const Summary& summary);
[[nodiscard]] std::string machine_html(const Results& results);
[[nodiscard]] std::string commands_html(const Results& results);

}  // namespace rookery::load
