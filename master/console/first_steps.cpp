#include "master/console/first_steps.h"

#include <fmt/format.h>

#include <algorithm>

namespace rookery::master {

namespace {

std::string_view reachable(std::string_view host) noexcept {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

std::string command_beside(const std::filesystem::path& program, std::string_view name, std::string_view search_path) {
  const std::string directory = program.parent_path().string();
  for (std::string_view rest = search_path; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (rest.substr(0, end) == directory) return std::string(name);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const std::string path = (program.parent_path() / name).string();
  return path.find(' ') == std::string::npos ? path : fmt::format("'{}'", path);
}

}  // namespace

std::vector<std::string> first_steps(std::string_view host, std::uint16_t port, const std::filesystem::path& program,
                                     std::string_view search_path) {
  const std::string_view address = reachable(host);
  const bool brackets = address.find(':') != std::string_view::npos;
  return {fmt::format("to chat: {} {}{}{}:{}", command_beside(program, "rookery-client", search_path),
                      brackets ? "[" : "", address, brackets ? "]" : "", port),
          fmt::format("or without it: nc {} {}", address, port),
          "help: /help in a chat; 'rookery-ctl help' for the operator; README.md and docs/ for the rest"};
}

}  // namespace rookery::master
