// master/options/setting_change.h
//
// What a row of the list of options says about changing it while the server runs, and how two Options are compared in
// that one option. Only settings.cpp needs this.
//
//     Setting{"max-rooms", ..., live<&Options::max_rooms>()}
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "master/options/options.h"
#include "master/options/settings.h"

namespace rookery::master {

inline std::string shown(bool value) {
  return value ? "yes" : "no";
}
template <class Integer>
requires std::is_integral_v<Integer> std::string shown(Integer value) {
  return fmt::format("{}", value);
}
inline std::string shown(std::chrono::milliseconds value) {
  return fmt::format("{:g}", std::chrono::duration<double>(value).count());
}
inline std::string shown(const std::string& value) {
  return value;
}
inline std::string shown(const std::filesystem::path& value) {
  return value.string();
}
inline std::string shown(Model value) {
  return value == Model::Event ? "event" : "thread-per-client";
}
inline std::string shown(LogFormat value) {
  return value == LogFormat::Text ? "text" : "json";
}
inline std::string shown(Registration value) {
  return value == Registration::Open ? "open" : "closed";
}
inline std::string shown(LogLevel value) {
  switch (value) {
    case LogLevel::Trace:
      return "trace";
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warning:
      return "warning";
    case LogLevel::Error:
      return "error";
    case LogLevel::Critical:
      return "critical";
    case LogLevel::Off:
      break;
  }
  return "off";
}
inline std::string shown(Sandbox value) {
  if (value == Sandbox::Required) return "required";
  return value == Sandbox::On ? "on" : "off";
}
template <class Value>
std::string shown(const std::optional<Value>& value) {
  return value ? shown(*value) : "default";
}

template <auto Member>
constexpr Change change_of(Change::When when) {
  return {.when = when,
          .same = [](const Options& one, const Options& other) { return one.*Member == other.*Member; },
          .copy = [](Options& to, const Options& from) { to.*Member = from.*Member; },
          .text = [](const Options& options) { return shown(options.*Member); }};
}
template <auto Member>
constexpr Change live() {
  return change_of<Member>(Change::When::AtReload);
}
template <auto Member>
constexpr Change at_upgrade() {
  return change_of<Member>(Change::When::AtUpgrade);
}
template <auto Member>
constexpr Change at_restart() {
  return change_of<Member>(Change::When::AtRestart);
}

}  // namespace rookery::master
