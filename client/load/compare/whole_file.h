// client/load/compare/whole_file.h
//
// Writes a file so that whoever reads it finds all of it or the one that was there before. Into a FIFO or a device it
// is written directly (ipc/os/output_file.h).
#pragma once

#include <filesystem>
#include <string_view>

namespace rookery::load {

// Throws std::runtime_error that says what failed and why; then the old file is as it was, and nothing else is there.
void write_whole_file(const std::filesystem::path& path, std::string_view contents);

}  // namespace rookery::load
