// master/upgrade/own_program.h
//
// Which file this server was started from, so that an upgrade finds what is installed in its place now.
#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace rookery::master {

// argv[0] made absolute, or found in PATH; symbolic links in it are kept, for they may be what an installation changes.
// Where that is not the file that runs (argv[0] can be anything), what the kernel calls it. To be asked at start, while
// the working directory and the file are still what they were.
[[nodiscard]] std::filesystem::path path_of_own_program(std::span<const std::string> arguments);

// Of a file that was replaced the kernel says "PATH (deleted)".
[[nodiscard]] std::filesystem::path without_deleted_mark(const std::filesystem::path& path);

}  // namespace rookery::master
