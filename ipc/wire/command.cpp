// ipc/wire/command.cpp: the words of the ops.
#include "ipc/wire/command.h"

#include <array>
#include <cstring>

namespace rookery::wire {
namespace {

// In the order of Op.
constexpr std::array<std::string_view, kOpCount> kWords = {
    "echo",  "register", "login", "logout",  "broadcast", "say",   "msg",  "join", "leave",
    "rooms", "presence", "list",  "history", "resume",    "count", "ping", "help", "quit",
};
static_assert(static_cast<std::size_t>(Op::Quit) + 1 == kOpCount);
static_assert(kWords[static_cast<std::size_t>(Op::Presence)] == "presence" && kWords.back() == "quit");

}  // namespace

std::string_view to_string(Op op) noexcept {
  const auto index = static_cast<std::size_t>(op);
  return index < kWords.size() ? kWords[index] : std::string_view{};
}

std::optional<Op> op_from_word(std::string_view word) noexcept {
  for (std::size_t i = 0; i < kWords.size(); ++i)
    if (kWords[i] == word) return static_cast<Op>(i);
  return std::nullopt;
}

void CommandStorage::wipe_password() noexcept {
  if (password.empty()) return;
  ::explicit_bzero(password.data(), password.size());
  password.clear();
}

}  // namespace rookery::wire
