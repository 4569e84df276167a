// client/load/scenario/listeners.h
//
// The readers of one thread in a fan-out: whether each has every message of every sender once, in order and byte for
// byte, and whether all of them heard the same order.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "client/load/engine/stage.h"
#include "client/load/scenario/fanout_board.h"
#include "client/load/sequence.h"
#include "client/load/speech.h"
#include "client/load/text.h"

namespace rookery::load {

class Listeners final {
 public:
  // `count` readers; what they heard goes into the stage's tally and `board`, both outlive it.
  Listeners(Stage& stage, FanoutBoard& board, const Texts& texts, std::size_t count);

  // Reader `place`, the client with this number, hears a message of the room.
  void hear(std::size_t place, std::uint32_t client, const Heard& message);
  // The server says that it has left out so many messages for this reader.
  void told_of_missed(std::size_t place, std::uint32_t client, std::uint64_t count);
  void gone(std::size_t place);

  // Adds up for the senders what this turn has brought. True when a message is now complete.
  [[nodiscard]] bool publish() noexcept;
  [[nodiscard]] bool has_all(std::size_t place) const noexcept;

  // When all threads have ended.
  void count_lost(Faults& faults) const;
  // How many readers heard which order: by (number of messages, hash of their order). Those that lost something or
  // heard something twice are left out.
  using Orders = std::map<std::uint64_t, std::map<std::uint64_t, std::uint64_t>>;
  void add_orders(Orders& orders) const;

 private:
  struct Listener {
    std::uint64_t heard = 0;
    std::uint64_t order = 0;      // a hash that rolls over (sender, number)
    std::uint64_t last_seq = 0;   // JSON lines
    std::uint64_t announced = 0;  // as missed
    std::uint32_t number = 0;     // of the client
    bool flawed = false;          // something of it is among the faults
  };

  [[nodiscard]] Sequence& sequence(std::size_t place, std::size_t sender) noexcept {
    return sequences_[place * board_.senders.size() + sender];
  }
  [[nodiscard]] const Sequence& sequence(std::size_t place, std::size_t sender) const noexcept {
    return sequences_[place * board_.senders.size() + sender];
  }
  void credit(std::size_t place, std::size_t sender, std::uint64_t up_to);
  void credit_all(std::size_t place);
  void wrong(Listener& listener, std::string_view what, std::string_view bytes);

  Stage& stage_;
  FanoutBoard& board_;
  const Texts& texts_;
  std::vector<Listener> listeners_;
  std::vector<Sequence> sequences_;  // of each listener, one for each sender
  // Closed loop:
  std::vector<std::uint64_t> credited_;  // likewise: messages below this are counted in `credits_`
  std::vector<std::uint32_t> credits_;   // of each sender, `window` places
  std::vector<std::uint32_t> touched_;   // places in credits_ that are not 0
};

}  // namespace rookery::load
