#include "ipc/chat/runtime_settings.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "ipc/chat/worker_region.h"

namespace rookery::chat {

namespace {

constexpr std::size_t kFields = 16;
using Words = std::array<std::uint64_t, kFields>;

// Every field in its place, for both directions: visit(field, smallest, largest).
template <class S, class Visit>
void fields(S& settings, Visit visit) {
  constexpr auto kLongest = static_cast<std::uint64_t>(std::chrono::milliseconds(kLongestClientTime).count());
  auto& limits = settings.limits;
  visit(settings.allow_guests, 0, 1);
  visit(settings.log_level, 0, static_cast<std::uint64_t>(log::Level::Off));
  visit(settings.log_format, 0, static_cast<std::uint64_t>(log::Format::Json));
  visit(limits.clients_per_address, 0, kMostClientsPerAddress);
  visit(limits.lines_per_second, 0, kMostLinesPerSecond);
  visit(limits.line_rate_on_loopback, 0, 1);
  visit(limits.limit_loopback, 0, 1);
  visit(limits.login_grace, 0, kLongest);
  visit(limits.idle, 0, kLongest);
  visit(limits.queued_bytes, kFewestQueuedBytes, kMostQueuedBytes);
  visit(limits.rooms, 1, kMaxRoomsOfSession);
  visit(limits.rooms_per_address, 0, kMostRoomsPerAddress);
  visit(limits.stored_per_address, 0, kMostStoredPerAddress);
  visit(settings.history_age, 0, static_cast<std::uint64_t>(std::chrono::milliseconds(kLongestHistory).count()));
  visit(settings.history_bytes, 0, kMostHistoryBytes);
  visit(settings.registration_open, 0, 1);
}

template <class Field>
std::uint64_t word_of(const Field& field) noexcept {
  if constexpr (std::is_same_v<Field, std::chrono::milliseconds>)
    return static_cast<std::uint64_t>(field.count());
  else
    return static_cast<std::uint64_t>(field);
}

template <class Field>
Field field_of(std::uint64_t word) noexcept {
  if constexpr (std::is_same_v<Field, std::chrono::milliseconds>)
    return Field{static_cast<std::int64_t>(word)};
  else
    return static_cast<Field>(word);
}

}  // namespace

std::string encode(const RuntimeSettings& settings) {
  Words words{};
  std::size_t next = 0;
  fields(settings, [&](const auto& field, std::uint64_t, std::uint64_t) { words[next++] = word_of(field); });
  return {reinterpret_cast<const char*>(words.data()), sizeof words};
}

std::optional<RuntimeSettings> decode_runtime_settings(std::string_view text) noexcept {
  Words words{};
  if (text.size() != sizeof words) return std::nullopt;
  std::memcpy(words.data(), text.data(), sizeof words);
  RuntimeSettings settings;
  std::size_t next = 0;
  bool good = true;
  fields(settings, [&](auto& field, std::uint64_t smallest, std::uint64_t largest) {
    const std::uint64_t word = words[next++];
    good = good && word >= smallest && word <= largest;
    if (good) field = field_of<std::remove_reference_t<decltype(field)>>(word);
  });
  if (!good) return std::nullopt;
  return settings;
}

}  // namespace rookery::chat
