// tests/client/load/write_report.cpp
//
// Writes the page of made-up results to a file and prints their table, to look at while one works on either:
//     build/release/tests/write_report /tmp/report.html
#include <cstdio>
#include <fstream>
#include <iostream>

#include "client/load/report/html.h"
#include "client/load/report/table.h"
#include "tests/client/load/synthetic_results.h"

int main(int argc, char** argv) {
  using namespace rookery::load;
  if (argc != 2) {
    std::fputs("usage: write_report FILE\n", stderr);
    return 64;
  }
  const Results results = synthetic_results(Truth::realistic());
  std::ofstream file(argv[1]);
  file << html_report(results);
  file.close();
  print_table(std::cout, results);
  return file ? 0 : 1;
}
