// tests/system/harness/console_socket.h
//
// The operator's console over the control socket: one command a connection.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace rookery::system_test {

// The whole answer. Throws std::runtime_error when nobody listens, TimedOut when no answer comes.
[[nodiscard]] std::string ask_console(const std::filesystem::path& data_directory, std::string_view command);

}  // namespace rookery::system_test
