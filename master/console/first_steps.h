// master/console/first_steps.h
//
// What a server that has just begun to serve tells the person who started it: how to chat, and where help is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::master {

// Lines for the log. `host` is the bound address in numbers; of the wildcard addresses the loopback one of the same
// family is named. The client is named as installed beside `program`, the server's own file: by its bare name where
// `search_path` (the value of PATH) has that directory.
[[nodiscard]] std::vector<std::string> first_steps(std::string_view host, std::uint16_t port,
                                                   const std::filesystem::path& program, std::string_view search_path);

}  // namespace rookery::master
