#include "ipc/wire/data_directory.h"

#include <cstdlib>
#include <stdexcept>

namespace rookery::wire {
namespace {

// An empty variable counts as unset, as the XDG specification has it.
std::filesystem::path path_from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

}  // namespace

std::filesystem::path user_state_directory() {
  const std::filesystem::path state_home = path_from_environment("XDG_STATE_HOME");
  if (state_home.is_absolute()) return state_home / "rookery";
  const std::filesystem::path home = path_from_environment("HOME");
  if (home.empty()) throw std::runtime_error("HOME is not set: name the data directory with --data or ROOKERY_DATA");
  return home / ".local" / "state" / "rookery";
}

std::filesystem::path default_data_directory() {
  std::filesystem::path named = path_from_environment("ROOKERY_DATA");
  return named.empty() ? user_state_directory() : named;
}

}  // namespace rookery::wire
