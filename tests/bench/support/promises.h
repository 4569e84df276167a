// tests/bench/support/promises.h
//
// What was measured beside what is promised: rows of a Markdown table, printed when all are known.
//
//     Promises promises;
//     promises.at_most("1,000 readers, 10 senders: CPU a delivery, of B", "0.131 µs", 1.19, 1.25);
//     promises.print();
//     | 1,000 readers, 10 senders: CPU a delivery, of B | 0.131 µs | 1.19 | at most 1.25 | kept |
//
// tests/bench/run collects the rows of all programs. A promise that is not kept is a row like any other: what fails is
// only what could not be measured.
#pragma once

#include <string>
#include <vector>

namespace rookery::bench {

class Promises final {
 public:
  // `figure` is what the ratio was made of; `note` follows the verdict where it needs a word.
  void at_most(const std::string& what, const std::string& figure, double ratio, double bound,
               const std::string& note = {});
  void at_least(const std::string& what, const std::string& figure, double ratio, double bound,
                const std::string& note = {});
  void print() const;  // nothing where there are none

 private:
  void add(const std::string& what, const std::string& figure, double ratio, const char* relation, double bound,
           bool kept, const std::string& note);

  std::vector<std::string> rows_;
};

}  // namespace rookery::bench
