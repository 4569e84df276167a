#include "tests/bench/support/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

namespace {
constexpr int kUsage = 64;
constexpr int kFailed = 70;
}  // namespace

CommonOptions read_options(int argc, char** argv, const char* purpose, std::initializer_list<NumberOption> numbers) {
  CommonOptions options;
  options.server = built_server();
  std::string dialect;
  CLI::App app{purpose};
  app.add_option("--server", options.server, "the rookery-master to measure")->capture_default_str();
  app.add_option("--against", options.against, "another rookery-master, where two are compared");
  app.add_option("--dialect", dialect, "text or json")->check([](const std::string& word) {
    return word == "text" || word == "json" ? std::string() : "a dialect is text or json";
  });
  app.add_option("--rounds", options.rounds, "figures are medians of them")->check(CLI::Range(1, 1000));
  app.add_option("--seconds", options.seconds, "of a round")->check(CLI::Range(0.1, 60.0));
  app.add_option("--model", options.model, "of the server: event or thread-per-client")
      ->check(CLI::IsMember({"event", kThreadPerClient}));
  for (const NumberOption& number : numbers)
    app.add_option(number.flag, *number.value, number.help)->check(CLI::Range(1, 1'000'000))->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : kUsage);
  }
  options.dialect_given = !dialect.empty();
  if (dialect == "json") options.dialect = DialectChoice::Json;
  std::string command = argv[0];
  for (int i = 1; i < argc; ++i) command += fmt::format(" {}", argv[i]);
  fmt::print("$ {}\n", command);
  return options;
}

int run_bench(const std::function<void()>& body) {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kFailed;
  }
}

}  // namespace rookery::bench
