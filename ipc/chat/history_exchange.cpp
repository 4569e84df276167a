#include "ipc/chat/history_exchange.h"

#include <cstring>

#include "ipc/os/errors.h"

namespace rookery::chat {

namespace {

void put(std::string& out, std::uint64_t number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}

bool take(std::string_view& bytes, std::uint64_t& number) noexcept {
  if (bytes.size() < sizeof number) return false;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return true;
}

bool take(std::string_view& bytes, std::string_view& name) noexcept {
  if (bytes.empty()) return false;
  const std::size_t length = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  if (length == 0 || bytes.size() < length) return false;
  name = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return true;
}

}  // namespace

std::string encode_missed_topics(const MissedTopics& topics) {
  std::string out;
  put(out, topics.broadcasts_until);
  put(out, topics.account);
  put(out, topics.account_until);
  for (const MissedTopics::Room& room : topics.rooms) {
    ROOKERY_INVARIANT(!room.name.empty() && room.name.size() <= 0xff);
    put(out, room.until);
    out.push_back(static_cast<char>(room.name.size()));
    out.append(room.name);
  }
  return out;
}

std::optional<MissedTopics> decode_missed_topics(std::string_view bytes) {
  MissedTopics topics;
  if (!take(bytes, topics.broadcasts_until) || !take(bytes, topics.account) || !take(bytes, topics.account_until))
    return std::nullopt;
  while (!bytes.empty()) {
    MissedTopics::Room room;
    if (!take(bytes, room.until) || !take(bytes, room.name)) return std::nullopt;
    topics.rooms.push_back(room);
  }
  return topics;
}

}  // namespace rookery::chat
