// docs/labs/options.h
//
// A lab's options, declared where their values are wanted:
//
//     const unsigned rounds = options.number("rounds", 10, "how often");        // --rounds 20
//     const auto pause = options.milliseconds("pause", 50, "between two lines");
//     const bool plain = options.flag("plain", "use a plain int");
//     options.complete();   // all are declared: from here on --help and unknown words have been dealt with
//
// Declare first, complete, then begin: whoever asks for help wants to see help alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace rookery::labs {

// Thrown when the words on the command line are none that the lab understands.
struct UsageError final : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Thrown by complete() after --help; what() is the text to show.
struct HelpAsked final : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Options final {
 public:
  // `program` and `purpose` head the help; `words` are the command line behind the lab's name.
  Options(const std::string& program, const std::string& purpose, std::vector<std::string> words);
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // Each throws UsageError if the value given is not of its kind, or not from `least` to `most`.
  [[nodiscard]] unsigned number(const std::string& name, unsigned usual, const std::string& help, unsigned least = 1,
                                unsigned most = 1'000'000);
  [[nodiscard]] std::chrono::milliseconds milliseconds(const std::string& name, unsigned usual,
                                                       const std::string& help);
  [[nodiscard]] std::string text(const std::string& name, const std::string& usual, const std::string& help);
  // Some, with blanks between them; each up to `most`. At least one.
  [[nodiscard]] std::vector<std::uint64_t> numbers(const std::string& name, const std::string& usual,
                                                   const std::string& help, std::uint64_t most);
  [[nodiscard]] bool flag(const std::string& name, const std::string& help);

  // Throws HelpAsked, or UsageError if a word is left that nobody asked for.
  void complete();
  [[nodiscard]] bool completed() const noexcept { return completed_; }

 private:
  struct Parser;

  std::unique_ptr<Parser> parser_;
  bool completed_ = false;
};

}  // namespace rookery::labs
