#include "client/load/compare/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "client/load/compare/comparison.h"
#include "client/load/compare/interrupt.h"
#include "client/load/compare/machine.h"
#include "client/load/compare/options.h"
#include "client/load/compare/process_figures.h"
#include "client/load/compare/results.h"
#include "client/load/compare/step_progress.h"
#include "client/load/compare/whole_file.h"
#include "client/load/report/html.h"
#include "client/load/report/table.h"
#include "client/terminal/exit_code.h"

namespace rookery::load {
namespace {

constexpr double kDisturbing = 0.1;    // of all cores: more than a desktop does when nobody touches it
constexpr int kExitInterrupted = 130;  // as shells say of ^C

std::string time_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

void write_results(const CompareOptions& options, const Results& results) {
  write_whole_file(options.output / "results.json", json_text(results));
}

// False, with a line for people, when it could not be done.
bool attempt(const std::function<void()>& write) {
  try {
    write();
    return true;
  } catch (const std::exception& error) {
    fmt::print(stderr, "\nrookery-load compare: {}\n", error.what());
    return false;
  }
}

// Of the cores that there are, while it was measured; the median.
double share_of_others(const Results& results) {
  std::vector<double> cores;
  for (const Sample& sample : results.samples)
    if (sample.detail.contains("other_programs_cores")) cores.push_back(sample.detail["other_programs_cores"]);
  if (cores.empty() || results.machine.cores == 0) return 0;
  std::ranges::nth_element(cores, cores.begin() + static_cast<std::ptrdiff_t>(cores.size() / 2));
  return cores[cores.size() / 2] / results.machine.cores;
}

bool any_failure(const Results& results) {
  for (const Sample& sample : results.samples)
    if (!sample.failures.empty()) return true;
  return false;
}

// As it was given.
std::string command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string program;
  std::getline(file, program, '\0');
  std::string command = "rookery-load";
  for (std::string word; std::getline(file, word, '\0');) command += " " + word;
  return command;
}

Results begin_results(const CompareOptions& options) {
  Results results;
  results.version = ROOKERY_VERSION;
  results.begun = time_text();
  results.command = command_line();
  results.quick = options.quick;
  results.rounds = options.rounds;
  results.machine = describe_machine();
  results.shapes = options.shapes;
  return results;
}

int compare(CompareOptions options) {
  if (options.server.empty()) options.server = server_beside_this_program();
  raise_descriptor_limit();
  std::filesystem::create_directories(options.output);
  const std::filesystem::path page = options.output / "report.html";
  std::filesystem::remove(page);  // of an earlier comparison: it must not be taken for this one's
  Results results = begin_results(options);
  write_results(options, results);  // a directory that cannot be written to shows now
  fmt::print(stderr, "This takes about {}.\n", spoken(expected_time(options)));

  const auto begun = std::chrono::steady_clock::now();
  bool all_written = true;  // what cannot be written now may be later, and there is the table
  const auto keep = [&] {
    results.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    all_written = attempt([&] { write_results(options, results); });
  };
  int exit_code = client::kExitOk;
  try {
    const InterruptWatch watch;
    run_comparison(options, results, keep);
  } catch (const Interrupted&) {
    fmt::print(stderr, "rookery-load compare: interrupted; this is what was measured until then\n");
    exit_code = kExitInterrupted;
  }
  keep();
  print_table(std::cout, results);
  if (const double share = share_of_others(results); share > kDisturbing)
    fmt::print(stderr, "Other programs had {:.0f} % of the machine meanwhile: expect other figures when it is quiet.\n",
               100 * share);
  if (!attempt([&] { write_whole_file(page, html_report(results)); }) || !all_written) return client::kExitInternal;
  std::cout << "\nThe report: " << page.string() << "\nEvery sample: " << (options.output / "results.json").string()
            << std::endl;
  if (exit_code == client::kExitOk && any_failure(results)) {
    fmt::print(stderr, "rookery-load compare: something was wrong with the server's answers, see above\n");
    exit_code = client::kExitRefused;
  }
  return exit_code;
}

}  // namespace

void add_compare(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command = app.add_subcommand(
      "compare", "Starts servers as processes, as threads, mixed, and with a thread for each client, and compares.");
  add_compare_arguments(*command, *arguments);
  command->callback([arguments, &exit_code] {
    CompareOptions options;
    try {
      options = options_of(*arguments);
    } catch (const std::invalid_argument& error) {
      throw CLI::ValidationError(error.what());
    }
    try {
      exit_code = compare(std::move(options));
    } catch (const std::exception& error) {
      fmt::print(stderr, "rookery-load compare: {}\n", error.what());
      exit_code = client::kExitInternal;
    }
  });
}

}  // namespace rookery::load
