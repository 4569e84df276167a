// client/load/compare/history_check.h
//
// Is everything that was acknowledged still there? Asks the rooms' histories, page by page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/terminal/endpoint.h"

namespace rookery::load {

struct Acknowledged {
  std::string room;
  std::uint64_t seq = 0;
  std::string text;  // unlike all others
};

struct HistoryVerdict {
  std::uint64_t lost = 0;     // not in the history under its seq, or with other words
  std::uint64_t doubled = 0;  // its text is there more than once; it need not be lost for that
};

// Throws std::runtime_error when the server does not answer.
[[nodiscard]] HistoryVerdict check_history(const client::Endpoint& server, const std::vector<Acknowledged>& messages);

}  // namespace rookery::load
