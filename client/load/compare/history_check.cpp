#include "client/load/compare/history_check.h"

#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "client/load/compare/interrupt.h"
#include "client/terminal/connection.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;
using client::Connection;

constexpr auto kAnswerWithin = 10s;
constexpr int kPage = 1000;  // the most that the server gives at once

nlohmann::json answer_to(Connection& connection, const std::string& request) {
  connection.send_line(request);
  const auto deadline = Connection::Clock::now() + kAnswerWithin;
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

// How often each text stands there, and under which seq last.
struct Found {
  std::uint64_t times = 0;
  std::uint64_t seq = 0;
};

std::map<std::string, Found> history_of(Connection& connection, const std::string& room) {
  std::map<std::string, Found> texts;
  for (std::uint64_t newest = 0;;) {
    const nlohmann::json answer = answer_to(
        connection, fmt::format(R"({{"op":"history","id":1,"room":"{}","limit":{},"after":{}}})", room, kPage, newest));
    if (answer.value("error", "") == "no-such-room") return texts;
    if (!answer.value("ok", false)) throw std::runtime_error("no history of " + room + ": " + answer.dump());
    const nlohmann::json& messages = answer.at("messages");
    if (messages.empty()) return texts;
    for (const nlohmann::json& message : messages) {
      newest = message.at("seq").get<std::uint64_t>();
      Found& found = texts[message.at("text").get<std::string>()];
      ++found.times;
      found.seq = newest;
    }
  }
}

}  // namespace

HistoryVerdict check_history(const client::Endpoint& server, const std::vector<Acknowledged>& messages) {
  Connection connection(server);
  if (!connection.connect_and_wait())
    throw std::runtime_error("cannot connect to ask for the histories: " + connection.error());
  std::map<std::string, std::map<std::string, Found>> rooms;
  HistoryVerdict verdict;
  for (const Acknowledged& message : messages) {
    const auto [room, is_new] = rooms.try_emplace(message.room);
    if (is_new) room->second = history_of(connection, message.room);
    const auto found = room->second.find(message.text);
    if (found == room->second.end() || found->second.seq != message.seq)
      ++verdict.lost;
    else if (found->second.times > 1)
      ++verdict.doubled;
  }
  return verdict;
}

}  // namespace rookery::load
