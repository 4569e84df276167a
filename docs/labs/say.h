// docs/labs/say.h
//
// Python's print for programs of many threads and processes:
//
//     say("{} has counted to {}", name, count);
//
// One line to standard output, with one write: lines of several threads or processes never end up in one another, and
// no buffer of ours is copied by a fork. (std::cout has one: its characters may mix, and a child may say them again.)
#pragma once

#include <fmt/core.h>

#include <string>
#include <utility>

namespace rookery::labs {

// Adds the line's end.
void say_line(std::string line) noexcept;

template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  say_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace rookery::labs
