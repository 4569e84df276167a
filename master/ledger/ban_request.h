// master/ledger/ban_request.h
//
// The operator's requests about bans:
//     ban MASK [--for TIME] [REASON]     unban MASK     bans
// MASK is an account's name, an IP address or a range of them in CIDR notation.
// TIME is as in the options: 30m, 12h, 7d.
// --for may also stand before MASK, but not in the reason, where it would be overlooked.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ipc/chat/address_mask.h"
#include "ipc/chat/record.h"

namespace rookery::ledger {

struct BanRequest {
  chat::BanChange change = chat::BanChange::Ban;
  std::string name;                       // an account's; empty: `mask`
  std::optional<chat::AddressMask> mask;  // its bits behind the prefix are zero,
  std::string written;                    // which they were not in this; empty: they were
  std::chrono::milliseconds lasts{0};     // 0: for ever
  std::string reason;

  // As the answers and the list have it.
  [[nodiscard]] std::string target() const { return mask ? mask->text() : name; }
};

// `text` begins with the word ban or unban. The error: "ERR code words".
[[nodiscard]] std::variant<BanRequest, std::string> parse_ban_request(std::string_view text);

// What an operator should hear of a ban of these addresses, a line; empty: nothing.
[[nodiscard]] std::string warning_of(const chat::AddressMask& mask);

}  // namespace rookery::ledger
