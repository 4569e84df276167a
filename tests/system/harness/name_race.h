// tests/system/harness/name_race.h
//
// Several clients register one name at the same moment, each with a password of its own. A name has one owner at most:
// at most one is told that it won, and nobody else's password works.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::system_test {

enum class RaceEnd { Won, Refused, Unknown };  // Unknown: cut off before the answer

struct NameRace {
  std::string name;
  std::vector<RaceEnd> ends;  // of each contestant

  [[nodiscard]] static std::string password_of(std::size_t contestant);
  [[nodiscard]] std::size_t count(RaceEnd end) const;
};

// All at once, each over its own connection; returns when each has an answer or was cut off.
[[nodiscard]] NameRace race_for(std::uint16_t port, const std::string& name, std::size_t contestants);

// What is not as promised, in words. Tries the password of the winner, of everybody who does not know, and of
// `losers` of those who lost.
[[nodiscard]] std::vector<std::string> judge(const NameRace& race, std::uint16_t port, std::size_t losers = 3);

}  // namespace rookery::system_test
