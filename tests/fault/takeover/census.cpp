#include "tests/fault/takeover/census.h"

#include <algorithm>
#include <sstream>

#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

const std::chrono::seconds kInOrderWithin{60};

Census census_of_server(std::uint16_t port, const Census& right) {
  JsonClient asker(port);
  Census told;
  const auto rooms = asker.ask("rooms"), list = asker.ask("list");
  for (const auto& room : rooms["rooms"]) told.members[room["room"]] = room["members"].get<std::uint64_t>();
  for (const auto& client : list["clients"]) told.people[client["client"].get<std::uint64_t>()] = client["name"];
  // Whoever asks is one guest too many.
  const auto asks = std::ranges::find_if(told.people, [&](const auto& client) {
    return client.second == "guest" + std::to_string(client.first) && !right.people.contains(client.first);
  });
  if (asks != told.people.end()) told.people.erase(asks);
  return told;
}

template <class Key, class Value>
void compare(std::ostream& out, const char* what, const std::map<Key, Value>& told, const std::map<Key, Value>& right) {
  for (const auto& [key, value] : told)
    if (!right.contains(key))
      out << " [" << what << ' ' << key << ' ' << value << " is told, and is not]";
    else if (right.at(key) != value)
      out << " [" << what << ' ' << key << ' ' << value << " is told, right is " << right.at(key) << ']';
  for (const auto& [key, value] : right)
    if (!told.contains(key)) out << " [" << what << ' ' << key << ' ' << value << " is not told]";
}

}  // namespace

std::string differences(std::uint16_t port, const Census& right) {
  std::string found;
  try {
    eventually(
        "the server's lists are right",
        [&] {
          std::ostringstream out;
          const Census told = census_of_server(port, right);
          auto members = right.members;
          members["#lobby"] = 1;  // whoever asks
          compare(out, "room", told.members, members);
          compare(out, "client", told.people, right.people);
          found = out.str();
          return found.empty();
        },
        kInOrderWithin);
  } catch (const TimedOut&) {  // `found` says it
  }
  return found;
}

}  // namespace rookery::system_test
