// master/console/commands.h
//
// Carries the console's commands out, whoever they come from. Every answer ends with exactly one line that starts with
// OK or ERR.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/os/clock.h"
#include "master/console/console_host.h"

namespace rookery::master {

// For who waits for an answer when another program takes over.
inline constexpr std::string_view kAskAgain = "ERR not-now the server was upgraded meanwhile; ask again\n";

inline constexpr std::chrono::seconds kKickAnswer{1};  // a worker that has the client answers in a turn of its loop

class Commands final {
 public:
  using TimePoint = os::Monotonic::time_point;
  using Reply = std::function<void(Conversation, std::string answer)>;

  // `reply` takes the answers that run() did not give at once.
  Commands(ConsoleHost& host, Reply reply) : host_(host), reply_(std::move(reply)) {}

  // The answer, or nothing: then it comes by `reply`.
  [[nodiscard]] std::optional<std::string> run(Conversation conversation, std::string_view line, TimePoint now);

  void client_kicked(std::uint64_t client);

  // For kicks that no worker answers.
  void on_due(TimePoint now);
  [[nodiscard]] TimePoint next_due() const noexcept;

 private:
  struct Kick {
    Conversation conversation;
    std::uint64_t client;
    TimePoint deadline;
  };

  template <class Condition>
  void answer_kicks(Condition condition, std::string_view verdict);

  ConsoleHost& host_;
  Reply reply_;
  std::list<Kick> kicks_;  // in the order of their deadlines
};

}  // namespace rookery::master
