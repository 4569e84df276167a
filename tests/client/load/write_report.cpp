#include <fstream>
#include <iostream>
#include "client/load/report/html.h"
#include "client/load/report/table.h"
#include "tests/client/load/synthetic_results.h"
using namespace rookery::load;
int main(int, char** argv) {
  const Results results = synthetic_results(Truth::realistic());
  std::ofstream(argv[1]) << html_report(results);
  print_table(std::cout, results);
}
