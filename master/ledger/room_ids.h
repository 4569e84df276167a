// master/ledger/room_ids.h
//
// The rooms whose ids in the store are known, so that most messages need not look for theirs. Names differ by more than
// the case of ASCII letters, as in the store.
//
// A group that is rolled back takes the rooms it made with it: clear() then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rookery::store {

class RoomIds final {
 public:
  [[nodiscard]] std::optional<std::int64_t> find(std::string_view name) const {
    const auto found = ids_.find(name);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }

  void add(std::string_view name, std::int64_t id) {
    if (ids_.size() >= kMaxKnown) ids_.clear();
    ids_.emplace(name, id);
  }

  void clear() noexcept { ids_.clear(); }

 private:
  static constexpr std::size_t kMaxKnown = 65536;  // rooms are never forgotten by the store: some 8 MB here

  static constexpr unsigned char lower(char letter) noexcept {
    const auto byte = static_cast<unsigned char>(letter);
    return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte + ('a' - 'A')) : byte;
  }

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
      for (const char letter : name) hash = (hash ^ lower(letter)) * 0x100000001b3;
      return hash;
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view left, std::string_view right) const noexcept {
      if (left.size() != right.size()) return false;
      for (std::size_t i = 0; i < left.size(); ++i) {
        if (lower(left[i]) != lower(right[i])) return false;
      }
      return true;
    }
  };

  std::unordered_map<std::string, std::int64_t, Hash, Equal> ids_;
};

}  // namespace rookery::store
