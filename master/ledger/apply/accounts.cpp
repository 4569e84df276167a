#include "master/ledger/apply/accounts.h"

#include <algorithm>
#include <functional>

#include "ipc/shm/folded_name.h"

namespace rookery::ledger {

Accounts::Key::Key(std::string_view name) noexcept
    : bytes(static_cast<std::uint8_t>(std::min(name.size(), folded.size()))) {
  std::transform(name.begin(), name.begin() + bytes, folded.begin(), [](char c) { return shm::folded(c); });
}

std::size_t Accounts::Hash::operator()(const Key& key) const noexcept {
  return std::hash<std::string_view>()({key.folded.data(), key.bytes});
}

std::optional<std::uint64_t> Accounts::find(std::string_view name) const {
  const auto found = ids_.find(Key(name));
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void Accounts::set(std::string_view name, std::uint64_t id) {
  ids_.insert_or_assign(Key(name), id);
}

void Accounts::remove(std::string_view name, std::uint64_t id) {
  const auto found = ids_.find(Key(name));
  if (found != ids_.end() && found->second == id) ids_.erase(found);
}

}  // namespace rookery::ledger
