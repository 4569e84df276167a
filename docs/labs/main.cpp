// docs/labs/main.cpp
//
// rookery-lab: without a name lists the labs, with one runs that lab.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "docs/labs/lab.h"

namespace {

using rookery::labs::Lab;

constexpr int kUsage = 64;   // EX_USAGE
constexpr int kFailed = 70;  // EX_SOFTWARE

void list_labs() {
  std::puts("Small programs about threads and processes, in teaching order; each has its page in docs/labs.\n");
  for (const Lab& lab : rookery::labs::all_labs())
    std::printf("  %-18s %s\n", lab.name.data(), lab.shows.data());  // both come from string literals
  std::puts("\nrookery-lab NAME runs one, rookery-lab NAME --help shows its options.");
}

int usage_error(const std::string& program, const char* what) {
  std::fprintf(stderr, "%s: %s\nTry %s --help.\n", program.c_str(), what, program.c_str());
  return kUsage;
}

int run(const Lab& lab, std::vector<std::string> words) {
  const std::string program = "rookery-lab " + std::string(lab.name);
  try {
    rookery::labs::Options options(program, std::string(lab.shows), std::move(words));
    const int exit_code = lab.run(options);
    if (options.completed()) return exit_code;
    std::fprintf(stderr, "%s never said options.complete()\n", program.c_str());
  } catch (const rookery::labs::HelpAsked& help) {
    std::fputs(help.what(), stdout);
    return 0;
  } catch (const rookery::labs::UsageError& error) {
    return usage_error(program, error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), error.what());
  }
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words[0] == "--help" || words[0] == "-h") {
    list_labs();
    return 0;
  }
  if (words[0] == "--version") {
    std::puts("rookery-lab " ROOKERY_VERSION);
    return 0;
  }
  if (const Lab* const lab = rookery::labs::find_lab(words[0])) return run(*lab, {words.begin() + 1, words.end()});
  return usage_error("rookery-lab", ("there is no lab '" + words[0] + "'").c_str());
}
