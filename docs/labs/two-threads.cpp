// docs/labs/two-threads.cpp
//
// One thread says numbers, another letters, each at its own pace. Its page: two-threads.md.
#include <chrono>
#include <thread>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

void say_numbers(unsigned count, milliseconds pause) {
  for (unsigned number = 1; number <= count; ++number) {
    say("{}", number);
    std::this_thread::sleep_for(pause);
  }
}

void say_letters(unsigned count, milliseconds pause) {
  for (unsigned i = 0; i < count; ++i) {
    say("    {}", static_cast<char>('a' + i));
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

int two_threads(Options& options) {
  const unsigned count = options.number("count", 6, "how many numbers, and how many letters", 1, 26);
  const milliseconds numbers_pause = options.milliseconds("numbers-pause", 100, "after each number");
  const milliseconds letters_pause = options.milliseconds("letters-pause", 150, "after each letter");
  options.complete();

  std::jthread numbers(say_numbers, count, numbers_pause);
  std::jthread letters(say_letters, count, letters_pause);
  numbers.join();
  letters.join();
  say("both have ended");
  return 0;
}

}  // namespace rookery::labs
