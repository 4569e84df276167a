// client/load/scenario/listener.h
//
// What one client of an `accounts` run hears: whether each message is one of the run's, byte for byte, from the right
// sender, for this client, once, in order, and whether any is missing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/load/outcome.h"
#include "client/load/scenario/accounts_board.h"
#include "client/load/scenario/ears.h"
#include "client/load/speech.h"
#include "client/load/talk.h"
#include "client/load/text.h"

namespace rookery::load {

class Listener final {
 public:
  // The client with this number. Everything given outlives it.
  Listener(const AccountsBoard& board, const Texts& texts, Faults& faults, std::uint32_t client);

  Ears at_table;    // its table's room
  Ears broadcasts;  // everybody's
  Ears letters;     // to its account

  void hear(const Heard& message);
  void told_of_missed(std::uint64_t count);
  // The room's newest messages, `limit` asked for: all as they were said, and message `own` of this speaker among them,
  // if nothing newer has taken its place. False when it has.
  bool check_history(const std::vector<HistoryItem>& items, std::uint32_t limit, std::uint64_t own);
  // The connection is gone: what does not come now is not lost.
  void gone() noexcept;

  [[nodiscard]] bool complete() const noexcept;
  void count_lost();  // at the end

 private:
  // Whose it is, by its text. Empty where it is not of this run.
  struct Origin {
    TextHead head;
    std::uint32_t speaker = 0;
    Channel channel = Channel::Room;
  };
  enum class Judged : std::uint8_t { Right, Wrong, Stranger };
  [[nodiscard]] Judged judge(std::string_view room, std::string_view text, std::string_view sender,
                             std::uint64_t client_id, Origin& origin);
  void wrong(std::string_view what, std::string_view bytes);

  const AccountsBoard& board_;
  const Texts& texts_;
  Faults& faults_;
  std::uint32_t client_;
  std::string room_;
  std::uint64_t last_seq_ = 0;   // JSON lines
  std::uint64_t announced_ = 0;  // as missed
};

}  // namespace rookery::load
