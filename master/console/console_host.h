// master/console/console_host.h
//
// What the console can ask of the server it stands in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "master/console/rows.h"
#include "master/console/status.h"

namespace rookery::master {

// Who asked: kStandardStreams, or the number of a connection to the control socket.
using Conversation = std::uint32_t;
inline constexpr Conversation kStandardStreams = 0;

class ConsoleHost {
 public:
  virtual ~ConsoleHost() = default;

  [[nodiscard]] virtual std::vector<ClientRow> clients() const = 0;  // in the order of their ids
  [[nodiscard]] virtual std::uint64_t count_clients() const = 0;
  [[nodiscard]] virtual std::vector<ProcessRow> processes() const = 0;

  [[nodiscard]] virtual std::vector<ShutOutRow> shut_out() const { return {}; }
  [[nodiscard]] virtual ServerStatus status() const = 0;

  // False when it cannot be published now.
  [[nodiscard]] virtual bool broadcast(const std::string& text) = 0;
  // Asks all workers; whoever has the client answers by Commands::client_kicked().
  virtual void kick(std::uint64_t client, const std::string& reason) = 0;
  // The answer.
  [[nodiscard]] virtual std::string kill(std::uint64_t slot) = 0;
  // The answer, or nothing: then it comes later, when it is done.
  [[nodiscard]] virtual std::optional<std::string> drain(Conversation who, std::uint64_t slot) = 0;
  [[nodiscard]] virtual std::optional<std::string> scale(Conversation who, std::uint64_t workers) = 0;
  // The same; it may come from the program that has taken over.
  [[nodiscard]] virtual std::optional<std::string> upgrade(Conversation who) = 0;
  // The same; the last line of the answer says whether it was done.
  [[nodiscard]] virtual std::optional<std::string> reload(Conversation who) = 0;
  [[nodiscard]] virtual std::optional<std::string> reopen_log(Conversation who) = 0;
  // What the ledger knows or does, by its verb and arguments (master/ledger/request.h). The same.
  [[nodiscard]] virtual std::optional<std::string> ask_ledger(Conversation who, const std::string& request) = 0;
  virtual void stop() = 0;
};

}  // namespace rookery::master
