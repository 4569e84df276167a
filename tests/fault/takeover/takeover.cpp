// Connections that outlive their workers: a crowd that knows the exact stream it must receive, and kills at random
// instants. Without a kill it shows that the crowd itself is right.
//
//   takeover --kills 300 --seed 7 --workers 8 --loops 1 --model event --rest 0 --keep-log FILE
//
// One line of figures on standard output, with what is not as promised behind it; exit code 0 or 1.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "tests/fault/takeover/trial.h"

namespace rookery::system_test {
namespace {

TrialSetup parse(const std::vector<std::string>& words) {
  TrialSetup setup;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& name = words[i];
    if (i + 1 == words.size()) throw std::invalid_argument(name + " needs a value");
    const std::string& value = words[i + 1];
    if (name == "--kills")
      setup.kills = std::stoull(value);
    else if (name == "--seed")
      setup.streams.seed = std::stoull(value);
    else if (name == "--rest")
      setup.rest = std::chrono::seconds{std::stoul(value)};
    else if (name == "--talkers")
      setup.streams.talkers = std::stoull(value);
    else if (name == "--slow")
      setup.streams.slow = std::stoull(value);
    else if (name == "--visitors")
      setup.streams.visitors = std::stoull(value);
    else if (name == "--keep-log")
      setup.log_file = value;
    else if (name == "--workers" || name == "--loops" || name == "--model")
      setup.shape.insert(setup.shape.end(), {name, value});
    else
      throw std::invalid_argument("no such option: " + name);
  }
  setup.streams.broadcasts = setup.streams.seed % 2 == 1;
  return setup;
}

int run(const TrialSetup& setup) {
  const TrialReport report = run_trial(setup);
  const bool well = report.exact() && !testing::Test::HasFailure();
  std::cout << "takeover " << (well ? "passed" : "FAILED") << " seed=" << setup.streams.seed << ' ' << report
            << std::endl;
  return well ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace rookery::system_test

int main(int argc, char** argv) {
  testing::InitGoogleTest();  // the harness reports in its way
  try {
    return rookery::system_test::run(rookery::system_test::parse({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::cerr << "takeover: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
