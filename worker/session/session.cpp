#include "worker/session/session.h"

#include <fmt/core.h>

#include "ipc/wire/limits.h"

namespace rookery::worker {

std::string_view display_name(const chat::SessionLogin& login, std::uint64_t client, GuestName& buffer) {
  if (login.account != 0) return login.name_view();
  const auto end = fmt::format_to_n(buffer.text, sizeof buffer.text, "{}{}", wire::kGuestPrefix, client);
  return {buffer.text, end.size};
}

}  // namespace rookery::worker
