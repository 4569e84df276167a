#include "tests/system/harness/name_race.h"

#include <algorithm>
#include <barrier>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

using Json = nlohmann::json;

std::optional<JsonClient> connect(std::uint16_t port) {
  try {
    return JsonClient(port);
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

RaceEnd try_to_register(JsonClient& client, const std::string& name, const std::string& password) {
  try {
    const Json reply = client.ask({{"op", "register"}, {"name", name}, {"password", password}});
    return reply["ok"] == true ? RaceEnd::Won : RaceEnd::Refused;
  } catch (const Closed&) {
    return RaceEnd::Unknown;
  }
}

bool can_log_in(std::uint16_t port, const std::string& name, const std::string& password) {
  JsonClient client(port);
  for (;;) {
    const Json reply = client.ask({{"op", "login"}, {"name", name}, {"password", password}});
    if (reply["ok"] == true) return true;
    if (reply["error"] != "rate-limited") return false;
  }
}

}  // namespace

std::string NameRace::password_of(std::size_t contestant) {
  return "my-own-password-" + std::to_string(contestant);
}

std::size_t NameRace::count(RaceEnd end) const {
  return static_cast<std::size_t>(std::ranges::count(ends, end));
}

NameRace race_for(std::uint16_t port, const std::string& name, std::size_t contestants) {
  NameRace race{name, std::vector<RaceEnd>(contestants, RaceEnd::Unknown)};
  std::barrier start(static_cast<std::ptrdiff_t>(contestants));
  in_threads(contestants, [&](std::size_t i) {
    auto client = connect(port);
    start.arrive_and_wait();
    if (client) race.ends[i] = try_to_register(*client, name, NameRace::password_of(i));
  });
  return race;
}

std::vector<std::string> judge(const NameRace& race, std::uint16_t port, std::size_t losers) {
  std::vector<std::string> problems;
  const auto problem = [&](const std::string& words) { problems.push_back("the name " + race.name + ": " + words); };
  std::size_t owners = 0, tried_losers = 0;
  for (std::size_t i = 0; i < race.ends.size(); ++i) {
    const RaceEnd end = race.ends[i];
    if (end == RaceEnd::Refused && tried_losers++ >= losers) continue;
    const bool works = can_log_in(port, race.name, NameRace::password_of(i));
    owners += works ? 1 : 0;
    if (end == RaceEnd::Won && !works) problem("its winner's password does not work");
    if (end == RaceEnd::Refused && works) problem("the password of one who was refused works");
  }
  if (race.count(RaceEnd::Won) > 1) problem(std::to_string(race.count(RaceEnd::Won)) + " were told they have it");
  if (owners > 1) problem(std::to_string(owners) + " passwords work");
  return problems;
}

}  // namespace rookery::system_test
