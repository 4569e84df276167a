// client/load/scenario/ears.h
//
// What one client hears on some streams, while it comes and goes: whether each message that it must hear comes once and
// in order, and none at all while it cannot hear.
//
//     shut        nothing may come
//     ajar        it is coming or going: messages may come, without gaps from the first to the last
//     open        everything that is sent from now on must come
//
//     ears.set_ajar();     // before "/join" goes out
//     ears.open();         // its answer is here
//     ears.promise();      // before "/ping" goes out: what is acknowledged by now ...
//     ears.collect();      // ... must be here when the pong is. Ajar again
//     ears.shut();         // the answer to "/leave" is here
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "client/load/outcome.h"
#include "client/load/scenario/accounts_board.h"
#include "client/load/sequence.h"

namespace rookery::load {

class Ears final {
 public:
  // The streams live as long as this. A speaker's `done` says that no more will come.
  void add(const Speaker& speaker, Channel channel);

  void set_ajar() noexcept;
  void open() noexcept;
  void promise() noexcept;
  // Ajar, or, where it goes on, open.
  void collect(bool goes_on = false) noexcept;
  void shut() noexcept;

  [[nodiscard]] bool is_shut() const noexcept { return state_ == State::Shut; }
  // Message `number` of stream `ear` came. REQUIRES: not shut.
  void hear(std::size_t ear, std::uint64_t number, Faults& faults);
  // Nothing more can come, and all is here.
  [[nodiscard]] bool complete() const noexcept;
  // Of all that had to come until now.
  [[nodiscard]] std::uint64_t lost() const noexcept;

 private:
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
  enum class State : std::uint8_t { Shut, Ajar, Open };

  struct Ear {
    explicit Ear(const Speaker& who, Channel channel) : speaker(&who), stream(&who.stream(channel)) {}

    const Speaker* speaker;
    const Stream* stream;
    Sequence heard;
    std::uint64_t from = kNone;  // open, and nothing heard yet: this and what follows must come
    std::uint64_t promised = 0;  // what is below must be here at collect()
    std::uint64_t given_up = 0;  // did not come in time
    bool any = false;            // something was heard since it was shut

    [[nodiscard]] std::uint64_t missing(std::uint64_t end) const noexcept;
  };

  std::vector<Ear> ears_;
  State state_ = State::Shut;
};

}  // namespace rookery::load
