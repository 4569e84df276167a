#include "worker/limits/client_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "ipc/log.h"

namespace rookery::worker {

namespace {

constexpr std::uint32_t kFewestLooks = 512;  // some 20 µs
constexpr std::uint32_t kSlices = 8;

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

}  // namespace

void ClientWatch::turn(os::Monotonic::time_point now) {
  const ClientLimits& limits = commands_.settings.limits;
  if (limits.login_grace.count() == 0 && limits.idle.count() == 0) return;
  const std::uint32_t places = commands_.sessions.places();
  const std::uint32_t looks = std::min(places, std::max(kFewestLooks, places / kSlices));
  for (std::uint32_t i = 0; i < looks; ++i) {
    if (next_ >= places) next_ = 0;
    Session& session = commands_.sessions.at(next_++);
    if (session.open() && !session.lingering && !session.has(chat::kClosing)) look_at(session, now);
  }
}

void ClientWatch::look_at(Session& session, os::Monotonic::time_point now) {
  // Whoever waits for us is not to blame; whoever takes no output is delivery's business.
  if (session.busy || session.in_flight > 0 || session.items || session.fee != LineFee::Open) return;
  const ClientLimits& limits = commands_.settings.limits;
  if (limits.login_grace.count() > 0 && session.opened_at.age(now) > limits.login_grace) {
    if (!session.had_line) return close(session, "no line within " + seconds(limits.login_grace));
    if (!commands_.settings.allow_guests && !session.has(chat::kHasLoggedIn))
      return close(session, "no login within " + seconds(limits.login_grace));
  }
  if (limits.idle.count() > 0 && session.last_line_at.age(now) > limits.idle)
    close(session, "no line for " + seconds(limits.idle));
}

void ClientWatch::close(Session& session, const std::string& why) {
  log::about_client(log::Topic::Limits, log::Level::Info, {session.client}, "{}", why);
  // Who has not said a byte is told as a person would be.
  const bool silent = session.dialect_id() == wire::DialectId::Undecided;
  const wire::Dialect& dialect = silent ? wire::dialect(wire::DialectId::Text) : session.dialect();
  commands_.scratch.clear();
  dialect.refused(commands_.scratch, {wire::ErrorCode::TooSlow, why + ": the server closes this connection", {}, {}});
  commands_.delivery.reply(session, commands_.scratch);
  commands_.delivery.close_after_output(session, true);
}

}  // namespace rookery::worker
