// ipc/chat/ban.h
//
// Who may not use the server: an account, or the addresses of a mask, until a time or for ever. As it lies in the ban
// table of the ledger's region (ipc/chat/ledger_region.h): `ban_changes` counts changes of the table, `bans_used` says
// how many of its places were ever used, and each place is a value that changes as one (ipc/shm/committed_value.h).
//
// Who may write   The ledger's storing thread alone, once a ban is durable; before it serves, its recovery.
//                 Every worker reads.
// Memory order    ban    a place is committed, `bans_used` is released, then `ban_changes` is released. Who
//                        acquires the number of changes and finds another than before sees the places as they are
//                        now, or newer.
// When the ledger dies  between places that belong together (several bans that end at once) each is the old one or the
//                 new one. Its successor makes the table agree with the store and counts a change.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ipc/chat/address_mask.h"
#include "ipc/shm/committed_value.h"

namespace rookery::chat {

inline constexpr std::uint32_t kMaxBans = 4096;
inline constexpr std::size_t kMaxBanReasonBytes = 120;
inline constexpr std::int64_t kForEver = 0;

enum class BanKind : std::uint8_t { None = 0, Account = 1, Addresses = 2 };

struct Ban {
  std::uint64_t account = 0;         // of BanKind::Account; its id, so that a ban goes with its account
  SourceAddress network{};           // of BanKind::Addresses
  std::int64_t until_ms = kForEver;  // since 1970
  BanKind kind = BanKind::None;      // None: the place is free
  std::uint8_t bits = 0;             // of BanKind::Addresses: as in AddressMask
  std::uint8_t reason_bytes = 0;
  std::array<std::uint8_t, 5> unused{};
  std::array<char, kMaxBanReasonBytes> reason{};

  [[nodiscard]] static Ban of_account(std::uint64_t id) noexcept {
    Ban ban;
    ban.kind = BanKind::Account;
    ban.account = id;
    return ban;
  }
  [[nodiscard]] static Ban of_addresses(const AddressMask& mask) noexcept {
    Ban ban;
    ban.kind = BanKind::Addresses;
    ban.network = mask.network;
    ban.bits = mask.bits;
    return ban;
  }
  // What is beyond kMaxBanReasonBytes is left out.
  void set_reason(std::string_view text) noexcept {
    reason_bytes = static_cast<std::uint8_t>(std::min(text.size(), kMaxBanReasonBytes));
    text.copy(reason.data(), reason_bytes);
  }
  [[nodiscard]] std::string_view reason_view() const noexcept {
    return {reason.data(), std::min<std::size_t>(reason_bytes, kMaxBanReasonBytes)};
  }
  [[nodiscard]] AddressMask mask() const noexcept { return {network, bits}; }
  // The same account or mask, whatever time and reason.
  [[nodiscard]] bool same_target(const Ban& other) const noexcept {
    return kind == other.kind && account == other.account && network == other.network && bits == other.bits;
  }
  [[nodiscard]] bool has_ended(std::int64_t now_ms) const noexcept {
    return until_ms != kForEver && until_ms <= now_ms;
  }

  friend bool operator==(const Ban&, const Ban&) = default;
};
static_assert(sizeof(Ban) == 160, "drawn in docs/shared-memory.md");

using BanPlace = shm::CommittedValue<Ban>;

}  // namespace rookery::chat
