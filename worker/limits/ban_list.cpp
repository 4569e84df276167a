#include "worker/limits/ban_list.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "ipc/wire/timestamp.h"

namespace rookery::worker {

namespace {

bool comes_before(const chat::Ban& a, const chat::Ban& b) noexcept {
  return std::tuple(b.bits, a.network.words) < std::tuple(a.bits, b.network.words);
}

}  // namespace

bool BanList::is_stale() const noexcept {
  return region_.header().ban_changes.load(std::memory_order_acquire) != changes_;  // ban
}

bool BanList::refresh() {
  const std::uint64_t changes = region_.header().ban_changes.load(std::memory_order_acquire);  // ban
  if (changes == changes_) return false;
  addresses_.clear();
  prefixes_.clear();
  accounts_.clear();
  bool whole = true;
  for (const chat::BanPlace& place : region_.used_bans()) {
    const std::optional<chat::Ban> ban = place.load();
    whole &= ban.has_value();  // otherwise it changes all the time: look again in the next turn
    if (ban && ban->kind == chat::BanKind::Account) accounts_.emplace(ban->account, *ban);
    if (ban && ban->kind == chat::BanKind::Addresses && ban->bits <= chat::kAddressBits) addresses_.push_back(*ban);
  }
  std::ranges::sort(addresses_, comes_before);
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    if (prefixes_.empty() || prefixes_.back().bits != addresses_[i].bits)
      prefixes_.push_back({addresses_[i].bits, i, i});
    prefixes_.back().end = i + 1;
  }
  if (whole) changes_ = changes;
  return true;
}

const chat::Ban* BanList::find(const chat::SourceAddress& address) const noexcept {
  for (const Prefix& prefix : prefixes_) {
    const chat::Ban wanted =
        chat::Ban::of_addresses({chat::first_bits(address, prefix.bits), static_cast<std::uint8_t>(prefix.bits)});
    const auto end = addresses_.begin() + static_cast<std::ptrdiff_t>(prefix.end);
    const auto found =
        std::lower_bound(addresses_.begin() + static_cast<std::ptrdiff_t>(prefix.begin), end, wanted, comes_before);
    if (found != end && found->mask().matches(address)) return &*found;
  }
  return nullptr;
}

const chat::Ban* BanList::find_account(std::uint64_t account) const noexcept {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? nullptr : &found->second;
}

std::string words_of(const chat::Ban& ban) {
  std::string words = "you are banned by the operator of this server";
  if (ban.until_ms != chat::kForEver) {
    words += " until ";
    wire::append_timestamp(words, ban.until_ms);
  }
  if (ban.reason_bytes > 0) words.append(": ").append(ban.reason_view());
  return words;
}

}  // namespace rookery::worker
