// master/supervisor/held_sockets.h
//
// The master's duplicates of the clients' sockets: as long as one is here the kernel keeps the connection, whatever
// becomes of the worker that serves it. The master never reads or writes them; it hands them to whoever carries the
// connection on.
//
//   hold           a worker has accepted a connection, its duplicate came with the message
//   drop           the connection is over
//   for_each(w)    all that a dead worker had: for its successor in the place, or to be handed to others
//   hand           it was sent to a worker, which is to carry it on
//   moved          that worker does so from now on
//   given_up       it says that it cannot
//   take_back(w)   that worker died without a word about it
//
// A worker is believed about its own places only, and no more of them than its region has: a wild one can lose its own
// clients, nobody else's.
//
// When the master dies every duplicate goes with it; when it re-executes itself they stay open and are listed for its
// successor (master/upgrade/).
#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ipc/chat/control_message.h"
#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::master {

struct HeldSocket {
  std::uint64_t client = 0;           // 0: the place is free
  os::FileDescriptor socket;          // none: its duplicate was lost on the way, at the limit of open files
  std::uint16_t handed_to = kNobody;  // the worker that was asked to carry it on and has not answered
  bool doubt = false;                 // workers died of its line twice within kAccusedTwiceWithin

  static constexpr std::uint16_t kNobody = 0xffff;
};
static_assert(sizeof(HeldSocket) == 16, "one for each client there is");

inline constexpr std::chrono::seconds kAccusedTwiceWithin{10};

class HeldSockets final {
 public:
  HeldSockets(std::uint32_t workers, std::uint32_t loops, std::uint32_t sessions_per_loop);

  // False: there is no such place, or the number is no client's.
  [[nodiscard]] bool hold(std::uint32_t worker, chat::Place place, std::uint64_t client, os::FileDescriptor socket);
  // Does nothing when another client sits there: a message of the past. False: there is no such place.
  [[nodiscard]] bool drop(std::uint32_t worker, chat::Place place, std::uint64_t client) noexcept;
  void drop_all(std::uint32_t worker) noexcept;

  // REQUIRES: has(worker, place, client) of one that is handed to nobody. Others' places stay where they are, so it may
  // be called from for_each().
  void hand(std::uint32_t worker, chat::Place place, std::uint32_t to_worker) noexcept;
  // False: no such client was handed to that worker, or there is no such place.
  [[nodiscard]] bool moved(std::uint32_t from_worker, chat::Place from, std::uint64_t client, std::uint32_t to_worker,
                           chat::Place to);
  // It cannot be carried on, says the worker that it was handed to. False: it was not, or there is no such place.
  [[nodiscard]] bool given_up(std::uint32_t from_worker, chat::Place from, std::uint64_t client,
                              std::uint32_t by_worker) noexcept;
  void take_back(std::uint32_t to_worker) noexcept;

  // Whoever carries that client on is to close it.
  void doubt(std::uint32_t worker, std::uint64_t client) noexcept;
  // When a worker last died while it was at that client's line; the clock's epoch: never.
  [[nodiscard]] os::Monotonic::time_point accused(std::uint64_t client) const noexcept;
  // The worker died while it was at that client's line. True: it is the second time, from now on there is doubt.
  [[nodiscard]] bool accuse(std::uint32_t worker, std::uint64_t client, os::Monotonic::time_point now) noexcept;
  // What another program in this process has known of a client, see hand_over.cpp.
  void mark(std::uint32_t worker, chat::Place place, os::Monotonic::time_point accused, bool doubt) noexcept;

  [[nodiscard]] std::uint64_t count(std::uint32_t worker) const noexcept { return counts_[worker]; }
  // How many of that worker's are handed to others that have not answered yet.
  [[nodiscard]] std::uint64_t handed_from(std::uint32_t worker) const noexcept { return handed_from_[worker]; }
  // How many it was asked to carry on.
  [[nodiscard]] std::uint64_t handed_to(std::uint32_t worker) const noexcept { return handed_to_[worker]; }
  [[nodiscard]] std::uint64_t total() const noexcept;
  // Null when there is no such place or another client sits there.
  [[nodiscard]] const HeldSocket* find(std::uint32_t worker, chat::Place place, std::uint64_t client) const noexcept;

  // visit(chat::Place, const HeldSocket&) for each of that worker's; it stops when `visit` returns false.
  template <class Visit>
  void for_each(std::uint32_t worker, Visit visit) const {
    std::uint64_t left = counts_[worker];
    for (std::uint32_t loop = 0; loop < loops_; ++loop) {
      const std::vector<HeldSocket>& places = places_[worker * loops_ + loop];
      for (std::uint32_t index = 0; index < places.size() && left > 0; ++index) {
        if (places[index].client == 0) continue;
        --left;
        if (!visit(chat::Place{loop, index}, places[index])) return;
      }
    }
  }

 private:
  [[nodiscard]] bool is_place(std::uint32_t worker, chat::Place place) const noexcept;
  // REQUIRES: is_place().
  [[nodiscard]] HeldSocket* at(std::uint32_t worker, chat::Place place) noexcept;  // null: never used
  [[nodiscard]] HeldSocket& make(std::uint32_t worker, chat::Place place);         // free
  void release(std::uint32_t worker, HeldSocket& held) noexcept;
  void forget_hand(std::uint32_t worker, HeldSocket& held) noexcept;
  // False: there is no memory for it. Then it counts as the second time, or a line could kill worker after worker.
  [[nodiscard]] bool remember_accusation(std::uint64_t client, os::Monotonic::time_point when) noexcept;

  std::uint32_t workers_;
  std::uint32_t loops_;
  std::uint32_t sessions_per_loop_;
  std::vector<std::vector<HeldSocket>> places_;  // by slot, then by index; as long as the largest one in use
  std::unordered_map<std::uint64_t, os::Monotonic::time_point> accused_;  // by client; those that ever were
  std::vector<std::uint64_t> counts_;                                     // by worker, as the other two
  std::vector<std::uint64_t> handed_from_;
  std::vector<std::uint64_t> handed_to_;
};

}  // namespace rookery::master
