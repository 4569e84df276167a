// worker/limits/ban_list.h
//
// The bans as a loop looks them up: its own copy of the ledger's ban table (ipc/chat/ban.h), made anew when that has
// changed, so that neither an accept nor a login reads shared memory of others beyond one word.
//
//     if (bans.refresh()) ...                     once a turn: somebody who is here may have to go
//     const chat::Ban* ban = bans.find(session.address());
//
// Cost  A look-up is a binary search for each prefix length that occurs, 129 at most. A copy of kMaxBans takes
//       less than a millisecond.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "ipc/chat/ledger_region.h"

namespace rookery::worker {

class BanList final {
 public:
  explicit BanList(const chat::LedgerRegionView& region) noexcept : region_(region) {}

  // The table has changed since the last refresh().
  [[nodiscard]] bool is_stale() const noexcept;
  // True: it was stale, or look_again() was called.
  bool refresh();
  // Others have come to this loop, whom nobody has held against the bans.
  void look_again() noexcept { changes_ = kNever; }

  // Null: not banned. Valid until the next refresh().
  [[nodiscard]] const chat::Ban* find(const chat::SourceAddress& address) const noexcept;
  [[nodiscard]] const chat::Ban* find_account(std::uint64_t account) const noexcept;

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  chat::LedgerRegionView region_;
  std::uint64_t changes_ = kNever;
  std::vector<chat::Ban> addresses_;  // longest prefix first, then by address
  struct Prefix {
    unsigned bits;
    std::size_t begin, end;  // in addresses_
  };
  std::vector<Prefix> prefixes_;
  std::unordered_map<std::uint64_t, chat::Ban> accounts_;  // by id
};

// Sent to a banned client.
[[nodiscard]] std::string words_of(const chat::Ban& ban);

}  // namespace rookery::worker
