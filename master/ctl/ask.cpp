#include "master/ctl/ask.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

namespace rookery::ctl {
namespace {

using Json = nlohmann::ordered_json;

int print(const std::string& text, int exit_code) {
  const bool written = std::puts(text.c_str()) != EOF && std::fflush(stdout) == 0;
  if (written) return exit_code;
  std::fputs("rookery-ctl: standard output could not be written\n", stderr);
  return EX_SOFTWARE;
}

std::string failure(std::string_view code, std::string_view message) {
  return Json{{"ok", false}, {"error", code}, {"message", message}}.dump(-1, ' ', false,
                                                                         Json::error_handler_t::replace);
}

// From a server that has not answered in JSON: one too old to know it, or one that did not read the line to its end.
std::string verdict_as_json(const std::string& line, const std::vector<std::string>& lines = {}) {
  const std::size_t code_at = line.find(' ');
  const std::string words = code_at == std::string::npos ? std::string() : line.substr(code_at + 1);
  const std::size_t message_at = words.find(' ');
  Json json;
  if (line.starts_with("ERR"))
    json = {{"ok", false},
            {"error", words.substr(0, message_at)},
            {"message", message_at == std::string::npos ? std::string() : words.substr(message_at + 1)}};
  else
    json = {{"ok", true}, {"message", words}};
  if (!lines.empty()) json["lines"] = lines;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int ask_for_json(const Server& server, const std::string& command, std::chrono::milliseconds timeout) {
  const ControlAnswer answer = ask_server(
      server.data, "json " + command, [](const std::string&) {}, timeout);
  const int exit_code = exit_code_of(answer.result);
  if (answer.result == ControlResult::NoServer) return print(failure("no-server", answer.last_line), exit_code);
  if (answer.result == ControlResult::Incomplete) return print(failure("broken-off", answer.last_line), exit_code);
  return print(answer.last_line.starts_with('{') ? answer.last_line : verdict_as_json(answer.last_line), exit_code);
}

}  // namespace

int exit_code_of(ControlResult result) noexcept {
  switch (result) {
    case ControlResult::Done:
      return EX_OK;
    case ControlResult::Refused:
      return kExitRefused;
    case ControlResult::NoServer:
      return EX_UNAVAILABLE;
    case ControlResult::Incomplete:
      break;
  }
  return EX_SOFTWARE;
}

int ask(const Server& server, const std::string& command, std::chrono::milliseconds timeout) {
  if (server.json) return ask_for_json(server, command, timeout);
  const ControlAnswer answer = ask_server(
      server.data, command, [](const std::string& line) { std::puts(line.c_str()); }, timeout);
  const int exit_code = exit_code_of(answer.result);
  if (answer.result == ControlResult::Done) return print(answer.last_line, exit_code);
  if (std::fflush(stdout) != 0) std::fputs("rookery-ctl: standard output could not be written\n", stderr);
  const bool refused = answer.result == ControlResult::Refused;
  std::fputs(fmt::format("{}{}\n", refused ? "" : "rookery-ctl: ", answer.last_line).c_str(), stderr);
  return exit_code;
}

int answer(const Server& server, const std::vector<std::string>& lines, const std::string& verdict) {
  const int exit_code = verdict.starts_with("OK") ? EX_OK : kExitRefused;
  if (server.json) return print(verdict_as_json(verdict, lines), exit_code);
  for (const std::string& line : lines) std::puts(line.c_str());
  if (exit_code == EX_OK) return print(verdict, exit_code);
  std::fflush(stdout);
  std::fputs((verdict + "\n").c_str(), stderr);
  return exit_code;
}

int refuse(const Server& server, int exit_code, std::string_view code, std::string_view message) {
  if (server.json) return print(failure(code, message), exit_code);
  const std::string line =
      exit_code == kExitRefused ? fmt::format("ERR {} {}\n", code, message) : fmt::format("rookery-ctl: {}\n", message);
  std::fputs(line.c_str(), stderr);
  return exit_code;
}

}  // namespace rookery::ctl
