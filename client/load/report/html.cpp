// client/load/report/html.cpp
#include "client/load/report/html.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "client/load/report/embedded.h"
#include "client/load/report/fill.h"
#include "client/load/report/findings.h"
#include "client/load/report/page_parts.h"
#include "client/load/report/plots.h"

namespace rookery::load {
namespace {

// "'sha256-...'", by which a content security policy knows a script or a style.
std::string hash_source(std::string_view content) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  std::string text(content);
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::array<char, sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)> base64{};
  sodium_bin2base64(base64.data(), base64.size(), hash.data(), hash.size(), sodium_base64_VARIANT_ORIGINAL);
  return fmt::format("'sha256-{}'", base64.data());
}

std::string policy() {
  return fmt::format(
      "default-src 'none'; img-src data:; script-src {} {}; style-src {}; base-uri 'none'; form-action 'none'",
      hash_source(embedded::kChartScript), hash_source(embedded::kPlotsScript), hash_source(embedded::kStyle));
}

// For the page's script and for whoever wants the figures back: all samples, but not their histograms, which the plots
// have in them.
std::string data_block(const Results& results, const std::vector<Plot>& plots) {
  nlohmann::json data = to_json(results);
  for (nlohmann::json& sample : data.at("samples")) sample.erase("detail");
  data["colours"] = nlohmann::json::array();
  for (const Shape& shape : results.shapes) data["colours"].push_back(shape_colour(shape.key));
  data["plots"] = nlohmann::json::array();
  for (const Plot& plot : plots) data["plots"].push_back(to_json(plot));
  return escape_script_data(data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

std::string html_report(const Results& results) {
  const Summary summary = summarize(results);
  const std::vector<Plot> plots = plots_of(results);
  return fill(embedded::kPage, {
                                   {"policy", policy()},
                                   {"style", std::string(embedded::kStyle)},
                                   {"title", "Processes or threads?"},
                                   {"version", escape_html(results.version)},
                                   {"begun", time_html(results)},
                                   {"subtitle", subtitle_html(results)},
                                   {"shapes", shapes_html(results)},
                                   {"warnings", warnings_html(summary)},
                                   {"answer", answer_html(results, summary)},
                                   {"figures", figures_html(plots)},
                                   {"comparisons", comparisons_html(results, summary)},
                                   {"tables", tables_html(results)},
                                   {"method", method_html(results, summary)},
                                   {"machine", machine_html(results)},
                                   {"commands", commands_html(results)},
                                   {"data", data_block(results, plots)},
                                   {"chart_script", std::string(embedded::kChartScript)},
                                   {"plots_script", std::string(embedded::kPlotsScript)},
                               });
}

}  // namespace rookery::load
