#include "client/load/compare/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <ctime>
#include <stdexcept>
#include <string_view>

#include "client/load/compare/machine.h"
#include "client/load/compare/shapes.h"
#include "ipc/os/processors.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kRounds = 5;
constexpr std::uint32_t kQuickRounds = 3;
constexpr std::uint32_t kMostRounds = 100;
constexpr std::uint32_t kMostParallel = 64;
constexpr std::uint32_t kMostClients = 10'000;

constexpr const char* kFooter =
    "Starts rookery-master in each shape, takes turns between them, and writes results.json and report.html into the\n"
    "directory. Do nothing else on the machine meanwhile. ^C ends it early and keeps what was measured.\n"
    "\n"
    "Exit codes: 0 done, 1 something was wrong with a server's answers, 64 usage, 70 it could not be carried out,\n"
    "130 interrupted.";

std::string default_output() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  char text[64] = {};
  std::strftime(text, sizeof text, "rookery-compare-%Y-%m-%d-%H%M%S", &local);
  return text;
}

std::vector<std::string> listed_words(const std::string& list) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    words.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::vector<std::uint32_t> client_numbers(const std::string& list) {
  std::vector<std::uint32_t> numbers;
  for (const std::string& word : listed_words(list)) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size() || number < 1 || number > kMostClients)
      throw std::invalid_argument(fmt::format("--clients: '{}' is no number from 1 to {}", word, kMostClients));
    numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  return numbers;
}

}  // namespace

void add_compare_arguments(CLI::App& command, CompareArguments& arguments) {
  command.footer(kFooter);
  command.add_flag("--quick", arguments.quick, "less than 90 seconds, with less to go by");
  command.add_option("--rounds", arguments.rounds, "how often all is measured")
      ->option_text("N [5; with --quick 3]")
      ->check(CLI::Range(1U, kMostRounds));
  command.add_option("--clients", arguments.clients, "numbers of clients")
      ->option_text("LIST [" + arguments.clients + "]");
  command.add_option("--shapes", arguments.shapes, "which shapes")->option_text("LIST [" + arguments.shapes + "]");
  command.add_option("--parallel", arguments.parallel, "processes, or threads, in all; an even number")
      ->option_text(fmt::format("N [{}]", default_parallel(os::usable_processors())))
      ->check(CLI::Range(2U, kMostParallel));
  command.add_option("--server", arguments.server, "the program to measure")
      ->option_text("PATH [rookery-master beside this program]")
      ->check(CLI::ExistingFile);
  command.add_option("--output", arguments.output, "where the results go")->option_text("DIR [./rookery-compare-DATE]");
}

CompareOptions options_of(const CompareArguments& arguments) {
  CompareOptions options;
  options.quick = arguments.quick;
  options.rounds = arguments.rounds != 0 ? arguments.rounds : options.quick ? kQuickRounds : kRounds;
  options.parallel = arguments.parallel != 0 ? arguments.parallel : default_parallel(os::usable_processors());
  if (options.parallel % 2 != 0)
    throw std::invalid_argument(fmt::format("--parallel: {} is odd, and mixed needs two halves", options.parallel));
  options.clients = client_numbers(arguments.clients);
  options.shapes = chosen_shapes(options.parallel, listed_words(arguments.shapes));
  options.server = arguments.server;
  options.output = arguments.output.empty() ? default_output() : arguments.output;
  return options;
}

Timing timing_of(const CompareOptions& options) noexcept {
  if (options.quick) {
    return {150ms, 500ms, 500ms, 600ms, 300ms, {.warm_up = 200ms, .before = 300ms, .after = 800ms}};
  }
  return {500ms, 3000ms, 2500ms, 3000ms, 1000ms, {}};
}

}  // namespace rookery::load
