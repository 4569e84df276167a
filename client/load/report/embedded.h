// client/load/report/embedded.h
//
// The files of the page, put into the program at build time by embed.cmake.
#pragma once

#include <string_view>

namespace rookery::load::embedded {

extern const std::string_view kPage;         // page.html: {{names}} are filled in by html.cpp
extern const std::string_view kStyle;        // style.css
extern const std::string_view kPlotsScript;  // plots.js
extern const std::string_view kChartScript;  // Chart.js as Debian has it

}  // namespace rookery::load::embedded
