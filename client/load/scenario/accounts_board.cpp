#include "client/load/scenario/accounts_board.h"

#include <fmt/format.h>

#include <functional>

#include "client/load/run.h"
#include "client/load/scenario/run_tag.h"

namespace rookery::load {

AccountsBoard::AccountsBoard(const LoadPlan& plan)
    : registrars_(plan.clients / 2),
      speakers_count_(plan.clients - registrars_),
      speakers_(std::make_unique<Speaker[]>(speakers_count_)),
      tag_(make_run_tag()),
      room_prefix_("#t" + tag_ + "-"),
      seed_(plan.seed ^ std::hash<std::string>{}(tag_)),
      message_bytes_(plan.message_bytes) {
  if (plan.clients > kMostClients)
    throw CannotRun(
        fmt::format("{} clients are more than `accounts` can check: {} at most", plan.clients, kMostClients));
  for (std::uint32_t i = 0; i < speakers_count_; ++i) speakers_[i].account = fmt::format("c{}-{:x}", tag_, i);
}

std::string AccountsBoard::room_of(std::uint32_t speaker) const {
  return fmt::format("{}{:x}", room_prefix_, speaker / kTable);
}

std::uint32_t AccountsBoard::partner_of(std::uint32_t speaker) const noexcept {
  return speaker + 1 < table_end(speaker) ? speaker + 1 : table_begin(speaker);
}

std::uint32_t AccountsBoard::who_writes_to(std::uint32_t speaker) const noexcept {
  return speaker > table_begin(speaker) ? speaker - 1 : table_end(speaker) - 1;
}

std::string AccountsBoard::new_account(std::uint32_t registrar, std::uint64_t number) const {
  return fmt::format("r{}-{:x}-{:x}", tag_, registrar, number);
}

bool AccountsBoard::is_sender(std::uint32_t speaker, Channel channel, std::string_view name,
                              std::uint64_t client_id) const {
  const Speaker& who = speakers_[speaker];
  if (client_id != who.client_id.load(std::memory_order_acquire)) return false;
  return channel == Channel::GuestInRoom ? name == fmt::format("guest{}", client_id) : name == who.account;
}

}  // namespace rookery::load
