// tests/bench/support/options.h
//
// The command line of the benchmarks that load a server: what is the same for all of them, and the program's own.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/bench/support/lines.h"

namespace rookery::bench {

struct NumberOption {
  const char* flag;
  std::size_t* value;  // holds the default
  const char* help;
};

inline constexpr const char* kThreadPerClient = "thread-per-client";

struct CommonOptions {
  std::string server;   // program to measure
  std::string against;  // another one, for those who compare two; empty: none
  DialectChoice dialect = DialectChoice::Text;
  bool dialect_given = false;
  std::size_t rounds = 5;
  double seconds = 2;           // of a round
  std::string model = "event";  // of the server; or kThreadPerClient

  // The one asked for, or both.
  [[nodiscard]] std::vector<DialectChoice> dialects() const {
    if (dialect_given) return {dialect};
    return {DialectChoice::Text, DialectChoice::Json};
  }

  // For rookery-master, the model among them.
  [[nodiscard]] std::vector<std::string> server_arguments(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--model", model});
    return arguments;
  }
};

// Prints what is wrong and exits 64 when it does not understand; handles --help. Prints the command.
CommonOptions read_options(int argc, char** argv, const char* purpose, std::initializer_list<NumberOption> numbers);

// Runs `body`; an exception becomes one line and exit code 70.
int run_bench(const std::function<void()>& body);

}  // namespace rookery::bench
