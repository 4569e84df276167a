// master/upgrade/rehearse.h
//
// The rehearsal as the new program sees it: started as a child of the running server with
//
//     rookery-master --rehearse-upgrade STATE VERDICT OPTION...
//
// it reads and checks its options, compares the layout, maps the regions read-only, says its verdict and ends. It
// touches nothing: no port, no data directory, no byte of the regions.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace rookery::master {

inline constexpr const char* kRehearsalFlag = "--rehearse-upgrade";

// The arguments for a program that was started with `arguments`.
[[nodiscard]] std::vector<std::string> rehearsal_arguments(std::span<const std::string> arguments, int state,
                                                           int verdict);

[[nodiscard]] bool is_rehearsal(std::span<const std::string> arguments);

// The exit code.
[[nodiscard]] int rehearse(std::span<const std::string> arguments);

}  // namespace rookery::master
