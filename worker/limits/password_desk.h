// worker/limits/password_desk.h
//
// Where logins and registrations wait for the thread pool, so that guessing passwords is slow and costs other people
// little. It decides who is next; hashing itself is the pool's.
//
//   fair       Sources (worker/limits/source.h) take turns, first those with the least against them: a wrong
//              password lately from the source or for the name.
//              Only as many requests are in the pool as keep it busy; so a newcomer waits for some hashes, not for a
//              flood. No source may hold more than half of the places.
//              But one that stands for many (a proxy, a course on one machine) may, and is not made slow.
//   slow       After kFreeFailures wrong passwords a source has one request at a time, each kFirstDelay after its
//              newest failure, doubling up to kMostSourceDelay, whatever the number of its connections; the places it
//              may hold are few. A name is different: its owner must not be shut out by others' guesses. Each login is
//              held back by itself, for kMostNameDelay at most.
//   forgetful  Failures fade (worker/limits/failure_table.h), and nothing is kept of a success: a source that owns one
//              account must not be able to buy free guesses with it.
//   discreet   Names that nobody has are treated like the others, here and by the decoy hash.
//
// Each event loop has a desk: what is said of a source holds for its connections to one loop.
//
// Who may use it  The loop's thread. Nothing here waits; the time is given by the caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ipc/wire/command.h"
#include "worker/limits/failure_table.h"
#include "worker/pool/job.h"

namespace rookery::worker {

struct PasswordRequest {
  std::uint64_t source = 0;
  bool of_many = false;    // the source stands for people who have nothing to do with each other: loopback
  std::uint64_t name = 0;  // name_key(); 0 when there is nothing to guess
  std::uint32_t session = 0;
  std::uint64_t client = 0;
  wire::Op op = wire::Op::Login;
  std::string id;  // of the request
  Job work;        // for the pool
};

// Without regard to case, as names are.
[[nodiscard]] std::uint64_t name_key(std::string_view name, std::uint64_t secret);

class PasswordDesk final {
 public:
  using Time = os::Monotonic::time_point;
  using Duration = std::chrono::milliseconds;

  static constexpr std::uint32_t kFreeFailures = 3;
  static constexpr Duration kFirstDelay{250};
  static constexpr Duration kMostNameDelay{2000};
  static constexpr Duration kMostSourceDelay{4000};
  static constexpr std::size_t kPlacesOfSuspect = 4;  // beside the one in the pool: some 16 s of waiting

  enum class Admission : std::uint8_t { Accepted, SourceHasTooMany, Full };

  // At most `in_pool` requests are in the pool, at most `places` wait here.
  PasswordDesk(std::size_t in_pool, std::size_t places);

  [[nodiscard]] Admission admit(Time now, PasswordRequest request);
  // The pool has done one of this source and name. REQUIRES: post() had taken it.
  void finished(Time now, std::uint64_t source, std::uint64_t name, bool wrong_password);

  // Gives the pool what may go now. is_there(request): does anybody still wait for it? If not it is dropped.
  // post(Job&&): false when the pool has no room.
  template <class IsThere, class Post>
  void turn(Time now, IsThere is_there, Post post);
  // How long until turn() has something to do; nothing: not before the next admit() or finished().
  [[nodiscard]] std::optional<Duration> patience(Time now) const noexcept;

  // Those that lost their places when their source became suspect: to be refused.
  [[nodiscard]] std::vector<PasswordRequest> take_refused() { return std::exchange(refused_, {}); }
  // All that are not in the pool.
  [[nodiscard]] std::vector<PasswordRequest> take_waiting();
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

 private:
  struct Held {
    PasswordRequest request;
    Time not_before;
  };
  struct Queue {
    std::uint64_t source;
    bool of_many;
    std::size_t in_pool = 0;
    std::deque<Held> held;
  };
  using Queues = std::list<Queue>;  // in the order of their turns
  struct Choice {
    Queues::iterator queue;
    std::deque<Held>::iterator held;
  };
  static constexpr Duration kPoolFullAgain{10};
  static constexpr Duration kLongEnough{5000};

  [[nodiscard]] static Duration delay(std::uint32_t failures, Duration most) noexcept;
  [[nodiscard]] std::size_t places_for(const PasswordRequest& request, Time now) const noexcept;
  [[nodiscard]] bool suspect(std::uint64_t source, Time now) const noexcept {
    return from_source_.count(source, now) >= kFreeFailures;
  }
  [[nodiscard]] std::optional<Choice> choose(Time now);
  Queue& queue_of(const PasswordRequest& request);
  void drop_if_empty(Queues::iterator queue);

  const std::size_t most_in_pool_;
  const std::size_t places_;
  std::size_t in_pool_ = 0;
  std::size_t waiting_ = 0;
  Time look_at_{};  // before it nothing can go
  Queues queues_;
  std::unordered_map<std::uint64_t, Queues::iterator> by_source_;
  FailureTable from_source_;
  FailureTable of_name_;
  std::vector<PasswordRequest> refused_;
};

template <class IsThere, class Post>
void PasswordDesk::turn(Time now, IsThere is_there, Post post) {
  while (waiting_ > 0 && in_pool_ < most_in_pool_ && now >= look_at_) {
    const std::optional<Choice> choice = choose(now);
    if (!choice) return;
    Queue& queue = *choice->queue;
    const bool wanted = is_there(std::as_const(choice->held->request));
    if (wanted && !post(std::move(choice->held->request.work))) {
      look_at_ = now + kPoolFullAgain;
      return;
    }
    queue.held.erase(choice->held);
    --waiting_;
    if (wanted) {
      ++queue.in_pool;
      ++in_pool_;
      queues_.splice(queues_.end(), queues_, choice->queue);
    } else {
      drop_if_empty(choice->queue);
    }
  }
}

}  // namespace rookery::worker
