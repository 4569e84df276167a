// client/load/command/report.cpp
//
// `rookery-load report`: the table and the page once more, from a results.json that is there.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "client/load/command/command.h"
#include "client/load/compare/results.h"
#include "client/load/compare/whole_file.h"
#include "client/load/report/html.h"
#include "client/load/report/table.h"
#include "client/terminal/exit_code.h"

namespace rookery::load {
namespace {

namespace fs = std::filesystem;

Results read_results(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(file);
  } catch (const nlohmann::json::parse_error& error) {
    throw std::runtime_error(fmt::format("{} is not JSON (at byte {})", path.string(), error.byte));
  }
  try {
    return results_from_json(json);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("{} is not the results of a comparison: {}", path.string(), error.what()));
  }
}

void report(const std::string& from, const std::string& output) {
  fs::path source = from;
  std::error_code is_none;
  if (fs::is_directory(source, is_none)) source /= "results.json";
  const Results results = read_results(source);
  const fs::path page = output.empty() ? source.parent_path() / "report.html" : fs::path(output);
  write_whole_file(page, html_report(results));
  print_table(std::cout, results);
  std::cout << "\nWith pictures: " << page.string() << std::endl;
  if (!std::cout) throw std::runtime_error("standard output could not be written");
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::string from = ".";
    std::string output;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("report", "Makes the table and the page of a comparison again from its results.json.");
  command->add_option("results", arguments->from, "what `compare` has left: its directory or the file itself")
      ->option_text("[DIR or results.json]");
  command->add_option("--output", arguments->output, "the page; default report.html beside the results")
      ->option_text("FILE");
  command->callback([arguments, &exit_code] {
    try {
      report(arguments->from, arguments->output);
    } catch (const std::exception& error) {
      fmt::print(stderr, "rookery-load report: {}\n", error.what());
      exit_code = client::kExitInternal;
    }
  });
}

}  // namespace rookery::load
