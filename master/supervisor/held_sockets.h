// master/supervisor/held_sockets.h
//
// The master's duplicates of the clients' sockets: as long as one is here the kernel keeps the connection, whatever
// becomes of the worker that serves it. The master never reads or writes them; it hands them to whoever carries the
// connection on.
//
//   hold     a worker has accepted a connection, its duplicate came with the message
//   drop     the connection is over
//   moved    a worker has taken over a client of a dead one
//   of(w)    all that a dead worker had: for its successor in the place, or to be handed to others
//
// A worker is believed about its own places only, and no more of them than its region has: a wild one can lose its own
// clients, nobody else's.
//
// When the master dies every duplicate goes with it; when it re-executes itself they stay open and are listed for its
// successor (master/upgrade/).
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "ipc/chat/control_message.h"
#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::master {

struct HeldSocket {
  std::uint64_t client = 0;             // 0: the place is free
  os::FileDescriptor socket;            // none: its duplicate was lost on the way, at the limit of open files
  os::Monotonic::time_point accused{};  // when a worker last died of its line; the epoch: never
  bool doubt = false;                   // twice within kAccusedTwiceWithin
  std::uint32_t handed_to = kNobody;    // the worker that was asked to carry it on and has not answered

  static constexpr std::uint32_t kNobody = ~0U;
};

inline constexpr std::chrono::seconds kAccusedTwiceWithin{10};

class HeldSockets final {
 public:
  HeldSockets(std::uint32_t workers, std::uint32_t loops, std::uint32_t sessions_per_loop);

  // False: there is no such place.
  [[nodiscard]] bool hold(std::uint32_t worker, chat::Place place, std::uint64_t client, os::FileDescriptor socket);
  // Does nothing when another client sits there: a message of the past.
  void drop(std::uint32_t worker, chat::Place place, std::uint64_t client) noexcept;
  // False: no such client was handed to that worker, or there is no such place.
  [[nodiscard]] bool moved(std::uint32_t from_worker, chat::Place from, std::uint64_t client, std::uint32_t to_worker,
                           chat::Place to);
  void drop_all(std::uint32_t worker) noexcept;

  // The worker died while it was at that client's line. True: it is the second time, now there is doubt.
  bool accuse(std::uint32_t worker, std::uint64_t client, os::Monotonic::time_point now) noexcept;

  [[nodiscard]] std::uint64_t count(std::uint32_t worker) const noexcept;
  [[nodiscard]] bool has(std::uint32_t worker, chat::Place place, std::uint64_t client) const noexcept;

  // visit(chat::Place, HeldSocket&) for each of that worker's.
  template <class Visit>
  void for_each(std::uint32_t worker, Visit visit) {
    for (std::uint32_t loop = 0; loop < loops_; ++loop) {
      std::vector<HeldSocket>& places = places_[worker * loops_ + loop];
      for (std::uint32_t index = 0; index < places.size(); ++index)
        if (places[index].client != 0) visit(chat::Place{loop, index}, places[index]);
    }
  }

 private:
  [[nodiscard]] HeldSocket* find(std::uint32_t worker, chat::Place place) noexcept;
  [[nodiscard]] HeldSocket* make(std::uint32_t worker, chat::Place place);

  std::uint32_t loops_;
  std::uint32_t sessions_per_loop_;
  std::vector<std::vector<HeldSocket>> places_;  // by slot, then by index; as long as the largest one in use
  std::vector<std::uint64_t> counts_;            // by worker
};

}  // namespace rookery::master
