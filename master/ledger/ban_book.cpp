#include "master/ledger/ban_book.h"

#include <algorithm>

namespace rookery::ledger {

using chat::Ban;

std::optional<Ban> ban_of(const chat::Record& record) {
  const chat::RecordHeader& header = record.header;
  Ban ban = Ban::of_account(header.target);
  if (header.target == 0) {
    const auto mask = chat::AddressMask::parse(record.name);
    if (!mask) return std::nullopt;
    ban = Ban::of_addresses(*mask);
  }
  ban.until_ms = static_cast<std::int64_t>(header.members);  // 0 is kForEver
  ban.set_reason(record.text);
  return ban;
}

BanBook::BanBook(const chat::LedgerRegionView& region, int writer_descriptor)
    : region_(region), writer_descriptor_(writer_descriptor) {
  for (const chat::BanPlace& place : region_.used_bans()) places_.push_back(place.load_own());
  look_for_next_end();
}

BanBook::Applied BanBook::apply(chat::BanChange change, const Ban& ban) {
  if (change == chat::BanChange::Ban) return put(ban);
  remove(ban);
  return Applied::Done;
}

BanBook::Applied BanBook::put(const Ban& ban) {
  const auto is_target = [&](const Ban& other) { return other.same_target(ban); };
  auto place = std::ranges::find_if(places_, is_target);
  if (place != places_.end() && *place == ban) return Applied::Done;
  if (place == places_.end()) place = std::ranges::find(places_, chat::BanKind::None, &Ban::kind);
  const auto index = static_cast<std::size_t>(place - places_.begin());
  if (place == places_.end()) {
    if (index >= chat::kMaxBans) return Applied::NoMemory;
    const std::uint64_t end = (index + 1) * sizeof(chat::BanPlace);
    if (!shm::reserve(writer_descriptor_, region_.layout().bans(), end)) return Applied::NoMemory;
    places_.emplace_back();
  }
  places_[index] = ban;
  region_.all_bans()[index].store(ban);
  if (index >= region_.header().bans_used.load(std::memory_order_relaxed))
    region_.header().bans_used.store(index + 1, std::memory_order_release);  // ban
  changed_ = true;
  look_for_next_end();
  return Applied::Done;
}

void BanBook::remove(const Ban& target) {
  for (std::size_t place = 0; place < places_.size(); ++place)
    if (places_[place].same_target(target)) free_place(place);
  look_for_next_end();
}

void BanBook::account_removed(std::uint64_t account) {
  remove(Ban::of_account(account));
}

bool BanBook::end_expired(std::int64_t now_ms) {
  if (!next_end_ms_ || *next_end_ms_ > now_ms) return false;
  for (std::size_t place = 0; place < places_.size(); ++place)
    if (places_[place].has_ended(now_ms)) free_place(place);
  look_for_next_end();
  return true;
}

BanBook::Applied BanBook::replace_all(std::span<const Ban> bans) {
  for (std::size_t place = 0; place < places_.size(); ++place) {
    if (places_[place].kind == chat::BanKind::None) continue;
    const auto stays = [&](const Ban& ban) { return ban.same_target(places_[place]); };
    if (std::ranges::none_of(bans, stays)) free_place(place);
  }
  Applied result = Applied::Done;
  for (const Ban& ban : bans)
    if (put(ban) != Applied::Done) result = Applied::NoMemory;
  look_for_next_end();
  return result;
}

void BanBook::free_place(std::size_t place) {
  places_[place] = Ban{};
  region_.all_bans()[place].store(Ban{});
  changed_ = true;
}

void BanBook::look_for_next_end() noexcept {
  next_end_ms_.reset();
  for (const Ban& ban : places_) {
    if (ban.kind == chat::BanKind::None || ban.until_ms == chat::kForEver) continue;
    next_end_ms_ = std::min(next_end_ms_.value_or(ban.until_ms), ban.until_ms);
  }
}

bool BanBook::publish() noexcept {
  if (!changed_) return false;
  changed_ = false;
  const auto in_force = [](const Ban& ban) { return ban.kind != chat::BanKind::None; };
  chat::LedgerRegionHeader& header = region_.header();
  header.bans.store(static_cast<std::uint64_t>(std::ranges::count_if(places_, in_force)), std::memory_order_relaxed);
  header.ban_changes.fetch_add(1, std::memory_order_release);  // ban
  return true;
}

std::optional<Ban> BanBook::find_in(const chat::LedgerRegionView& region, const Ban& target) {
  for (const chat::BanPlace& place : region.used_bans()) {
    const std::optional<Ban> ban = place.load();
    if (ban && ban->same_target(target)) return ban;
  }
  return std::nullopt;
}

}  // namespace rookery::ledger
