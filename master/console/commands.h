// master/console/commands.h
//
// Carries the console's commands out, whoever they come from. Every answer ends with exactly one line that starts with
// OK or ERR.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <set>
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

  // The answer, or nothing: then it comes later, by `reply` or from the host. What comes later is text and has to go
  // through as_wanted() before it is given.
  [[nodiscard]] std::optional<std::string> run(Conversation conversation, std::string_view line, TimePoint now);

  // In the form in which it was asked for. Once for each answer that comes later.
  [[nodiscard]] std::string as_wanted(Conversation conversation, std::string answer);
  // What to say to whoever waits when another program takes over.
  [[nodiscard]] std::string ask_again(Conversation conversation) const;
  [[nodiscard]] bool wants_json(Conversation conversation) const { return wants_json_.contains(conversation); }
  void expect_json(Conversation conversation) { wants_json_.insert(conversation); }

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

  enum class Form : bool { Text, Json };

  [[nodiscard]] std::optional<std::string> run(Conversation conversation, std::string_view line, TimePoint now,
                                               Form form);
  template <class Condition>
  void answer_kicks(Condition condition, std::string_view verdict);

  ConsoleHost& host_;
  Reply reply_;
  std::list<Kick> kicks_;              // in the order of their deadlines
  std::set<Conversation> wants_json_;  // those whose answer comes later
};

}  // namespace rookery::master
