// master/options/settings.h
//
// The one list of options: each row declares a flag, its environment variable, its key in a configuration file and its
// help, and knows how to check a value. Where the value came from is not its business (options.cpp).
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "master/options/options.h"

namespace rookery::master {

// what() completes "SOURCE: ...", e.g. "'70000' is not a whole number from 0 to 65535".
class BadValue : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// May it be changed while the server runs?
struct Change {
  enum class When : unsigned char { AtReload, AtUpgrade, AtRestart };

  When when = When::AtRestart;
  bool (*same)(const Options& one, const Options& other) = nullptr;  // null: not compared
  void (*copy)(Options& to, const Options& from) = nullptr;
  std::string (*text)(const Options& options) = nullptr;
};

struct Setting {
  std::string_view name;   // "max-clients": the flag without its dashes, the key in a file
  std::string_view alias;  // an environment variable understood besides ROOKERY_...; empty for most
  std::string_view value_name;
  std::string_view group;
  std::string_view help;
  std::string_view default_text;

  // Checks `value` and stores it. Throws BadValue and stores nothing.
  void (*apply)(Options& options, std::string_view value);

  Change change = {};

  [[nodiscard]] std::string flag() const;                  // "--max-clients"
  [[nodiscard]] std::string environment_variable() const;  // "ROOKERY_MAX_CLIENTS"
};

inline constexpr std::string_view kConfigSetting = "config";  // the one that can't stand in a configuration file

// In the order of the help, groups together.
[[nodiscard]] std::span<const Setting> settings() noexcept;

}  // namespace rookery::master
