#include "ipc/chat/session_block.h"

namespace rookery::chat {

SessionLogin login_of(const shm::NameTableReader& users, std::uint32_t user) noexcept {
  SessionLogin login;
  if (user == 0 || user > users.count()) return login;
  const shm::NameTableEntry& entry = users.entry(user - 1);
  const std::string_view name = entry.name_view();
  login.account = entry.id;
  login.name_bytes = static_cast<std::uint32_t>(name.copy(login.name.data(), login.name.size()));
  return login;
}

}  // namespace rookery::chat
