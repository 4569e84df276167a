// tests/fault/takeover/census.h
//
// Who is where, as the crowd knows it and as the server tells it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace rookery::system_test {

struct Census {
  std::map<std::string, std::uint64_t> members;  // of each room but the lobby, in which nobody is
  std::map<std::uint64_t, std::string> people;   // names by client id
};

// What /rooms and /list say that is not so, once the server has had time to bring it in order; empty: nothing.
// REQUIRES: nobody comes, goes, joins or leaves meanwhile.
[[nodiscard]] std::string differences(std::uint16_t port, const Census& right);

}  // namespace rookery::system_test
