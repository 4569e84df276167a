#include "client/load/compare/history_check.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "client/load/compare/interrupt.h"
#include "client/terminal/connection.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;
using client::Connection;

constexpr auto kHistoryWithin = 10s;
constexpr int kPage = 1000;  // the most that the server gives at once

nlohmann::json answer_to(Connection& connection, const std::string& request) {
  connection.send_line(request);
  const auto deadline = Connection::Clock::now() + kHistoryWithin;
  for (;;) {
    while (const std::optional<std::string> line = connection.next_line()) {
      nlohmann::json answer = nlohmann::json::parse(*line, nullptr, false);
      if (answer.is_object() && answer.contains("re")) return answer;
    }
    if (connection.state() != Connection::State::Open)
      throw std::runtime_error("the server closed the connection that asked for a history: " + connection.error());
    if (Connection::Clock::now() > deadline) throw std::runtime_error("the server does not tell a room's history");
    throw_if_interrupted();
    pollfd waited{connection.fd(), connection.poll_events(), 0};
    if (::poll(&waited, 1, 100) > 0) connection.on_ready(waited.revents);
  }
}

// By text: under which seqs it stands there, as often as it does.
using History = std::map<std::string, std::vector<std::uint64_t>>;

History history_of(Connection& connection, const std::string& room) {
  History texts;
  for (std::uint64_t newest = 0;;) {
    const nlohmann::json answer = answer_to(
        connection, fmt::format(R"({{"op":"history","id":1,"room":"{}","limit":{},"after":{}}})", room, kPage, newest));
    if (answer.value("error", "") == "no-such-room") return texts;
    if (!answer.value("ok", false)) throw std::runtime_error("no history of " + room + ": " + answer.dump());
    const nlohmann::json& messages = answer.at("messages");
    if (messages.empty()) return texts;
    for (const nlohmann::json& message : messages) {
      newest = message.at("seq").get<std::uint64_t>();
      texts[message.at("text").get<std::string>()].push_back(newest);
    }
  }
}

History readable_history_of(Connection& connection, const std::string& room) {
  try {
    return history_of(connection, room);
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(fmt::format("the history of {} cannot be understood: {}", room, error.what()));
  }
}

}  // namespace

HistoryVerdict check_history(const client::Endpoint& server, const std::vector<Acknowledged>& messages) {
  Connection connection(server);
  if (!connection.connect_and_wait())
    throw std::runtime_error("cannot connect to ask for the histories: " + connection.error());
  std::map<std::string, History> rooms;
  HistoryVerdict verdict;
  for (const Acknowledged& message : messages) {
    const auto [room, is_new] = rooms.try_emplace(message.room);
    if (is_new) room->second = readable_history_of(connection, message.room);
    const std::vector<std::uint64_t>& seqs = room->second[message.text];
    if (std::ranges::find(seqs, message.seq) == seqs.end()) ++verdict.lost;
    if (seqs.size() > 1) ++verdict.doubled;
  }
  return verdict;
}

}  // namespace rookery::load
