// master/upgrade/sealed_text.h
//
// A text in memory behind a descriptor, which nobody can change any more: what goes from one program to the next.
#pragma once

#include <string>
#include <string_view>

#include "ipc/os/file_descriptor.h"

namespace rookery::master {

inline constexpr std::size_t kMaxSealedBytes = std::size_t{256} * 1024 * 1024;

// Close-on-exec. Throws std::system_error when memory is short.
[[nodiscard]] os::FileDescriptor seal_text(const std::string& name, std::string_view text);

// Throws BadState where that is no such thing.
[[nodiscard]] std::string read_sealed_text(int descriptor);

}  // namespace rookery::master
