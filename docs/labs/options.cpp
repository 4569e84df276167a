#include "docs/labs/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <utility>

namespace rookery::labs {

// Every declaration parses the whole line once more with what is declared so far; what is unknown yet may still come.
struct Options::Parser {
  Parser(const std::string& program, const std::string& purpose, std::vector<std::string> given)
      : app(purpose, program), words(std::move(given)) {
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.set_help_flag();
    app.allow_extras();
  }

  void parse() {
    try {
      app.parse(std::vector<std::string>(words));
    } catch (const CLI::CallForHelp&) {
      throw HelpAsked(app.help());
    } catch (const CLI::ParseError& error) {
      throw UsageError(error.what());
    }
  }

  template <class T>
  T value(CLI::Option* option, const T& usual) {
    parse();
    return option->count() == 0 ? usual : option->as<T>();
  }

  CLI::App app;
  std::vector<std::string> words;
};

Options::Options(const std::string& program, const std::string& purpose, std::vector<std::string> words)
    : parser_(std::make_unique<Parser>(program, purpose, std::move(words))) {}

Options::~Options() = default;

unsigned Options::number(const std::string& name, unsigned usual, const std::string& help, unsigned least,
                         unsigned most) {
  CLI::Option* const option = parser_->app.add_option("--" + name, help);
  option->default_str(std::to_string(usual))
      ->type_name(std::to_string(least) + ".." + std::to_string(most))
      ->check(CLI::Range(least, most).description(""));
  return parser_->value(option, usual);
}

std::chrono::milliseconds Options::milliseconds(const std::string& name, unsigned usual, const std::string& help) {
  return std::chrono::milliseconds(number(name, usual, help + ", in ms", 0));
}

std::string Options::text(const std::string& name, const std::string& usual, const std::string& help) {
  CLI::Option* const option = parser_->app.add_option("--" + name, help);
  option->default_str(usual)->type_name("TEXT");
  return parser_->value(option, usual);
}

std::vector<std::uint64_t> Options::numbers(const std::string& name, const std::string& usual, const std::string& help,
                                            std::uint64_t most) {
  std::istringstream words(text(name, usual, help));
  std::vector<std::uint64_t> numbers;
  std::uint64_t number = 0;
  while (words >> number && number <= most) numbers.push_back(number);
  if (numbers.empty() || number > most || !words.eof())
    throw UsageError("--" + name + ": numbers up to " + std::to_string(most) + " with blanks between them");
  return numbers;
}

bool Options::flag(const std::string& name, const std::string& help) {
  CLI::Option* const option = parser_->app.add_flag("--" + name, help);
  parser_->parse();
  return option->count() > 0;
}

void Options::complete() {
  parser_->app.set_help_flag("-h,--help", "shows this");
  parser_->parse();
  if (const auto unknown = parser_->app.remaining(); !unknown.empty())
    throw UsageError("it has no option '" + unknown.front() + "'");
  completed_ = true;
}

}  // namespace rookery::labs
