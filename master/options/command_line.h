// master/options/command_line.h
//
// Splits the command line into options and their values, and answers --help, --version and what it can't make sense of.
// Whether a value is a good one is not asked here.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <variant>

#include "master/options/options.h"

namespace rookery::master {

// From a setting's name ("max-clients") to its value. An option given twice has its last value.
using CommandLine = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] std::variant<CommandLine, Exit> read_command_line(std::span<const std::string> arguments);

}  // namespace rookery::master
