// master/ledger/apply/accounts.h
//
// Which account names are taken, as of the newest applied record: the user table follows when a record is durable.
// Names are compared without regard to the case of A-Z.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "ipc/wire/limits.h"

namespace rookery::ledger {

class Accounts final {
 public:
  // REQUIRES for all names: name.size() <= wire::kMaxNameBytes.
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view name) const;
  void set(std::string_view name, std::uint64_t id);
  // Does nothing when another account has the name.
  void remove(std::string_view name, std::uint64_t id);
  [[nodiscard]] std::uint64_t count() const noexcept { return ids_.size(); }

 private:
  // Fixed, since there may be millions: no allocation of its own for each name.
  struct Key {
    std::array<char, wire::kMaxNameBytes> folded{};
    std::uint8_t bytes = 0;

    explicit Key(std::string_view name) noexcept;
    bool operator==(const Key&) const noexcept = default;
  };
  struct Hash {
    [[nodiscard]] std::size_t operator()(const Key& key) const noexcept;
  };

  std::unordered_map<Key, std::uint64_t, Hash> ids_;
};

}  // namespace rookery::ledger
