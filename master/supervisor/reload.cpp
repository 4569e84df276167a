// master/supervisor/reload.cpp: the master's part of a reload and of opening the log anew. The configuration is read
// again and judged whole before anything is touched; then it is applied, and every process told (changes.cpp).
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "master/options/reload.h"
#include "master/supervisor/master.h"
#include "master/supervisor/service_manager.h"

namespace rookery::master {

namespace {

constexpr std::string_view kBadConfig = "bad-config";

// For as long as it lives we reload, for systemd.
class Reloading final {
 public:
  explicit Reloading(ServiceManager& service) : service_(service) { service_.reloading(); }
  ~Reloading() { service_.ready(); }
  Reloading(const Reloading&) = delete;
  Reloading& operator=(const Reloading&) = delete;

 private:
  ServiceManager& service_;
};

std::string reason_of(const Exit& exit) {
  const std::string why = complaint_of(exit);
  return why.empty() ? "it only makes the server print something" : why;
}

}  // namespace

chat::RuntimeSettings runtime_settings(const Options& options) {
  return {.allow_guests = options.guests_allowed(),
          .log_level = static_cast<log::Level>(options.log_level),
          .log_format = static_cast<log::Format>(options.log_format),
          .limits = {.clients_per_address = options.max_clients_per_address,
                     .lines_per_second = options.max_line_rate.value_or(kDefaultMaxLineRate),
                     .line_rate_on_loopback = options.max_line_rate.has_value(),
                     .limit_loopback = options.limit_loopback,
                     .login_grace = options.login_grace,
                     .idle = options.idle_timeout,
                     .queued_bytes = options.max_queued,
                     .rooms = options.max_rooms,
                     .rooms_per_address = options.max_rooms_per_address,
                     .stored_per_address = options.max_stored_per_address},
          .history_age = options.history_age,
          .history_bytes = options.history_size,
          .registration_open = options.registration_open()};
}

std::optional<std::string> Master::reload(std::optional<Conversation> who) {
  if (std::string refusal = supervisor_.why_not_now(); !refusal.empty()) {
    log::warning("not reloaded: {}", refusal.substr(0, refusal.size() - 1));
    return refusal;
  }
  const Reloading reloading(service_);
  fault::point(fault::Point::MasterInReload);
  const auto refuse = [](const std::string& why) {
    log::error("not reloaded, all stays as it is: {}", why);
    return fmt::format("ERR {} {}\n", kBadConfig, why);
  };
  auto parsed = parse_options_again(arguments_);
  if (const auto* exit = std::get_if<Exit>(&parsed)) return refuse(reason_of(*exit));
  Options& wanted = std::get<Options>(parsed);
  if (in_force_.activated) {  // they are the passed socket's
    wanted.host = in_force_.host;
    wanted.port = in_force_.port;
    wanted.activated = true;
  }
  const std::vector<OptionChange> changes = changes_between(in_force_, wanted);
  const bool other_log = wanted.log_file != in_force_.log_file;
  if (other_log)
    if (const std::string why = foundation_.log.open(wanted.log_file); !why.empty()) return refuse(why);
  return apply(std::move(wanted), changes, other_log, who);
}

std::optional<std::string> Master::apply(Options wanted, const std::vector<OptionChange>& changes, bool other_log,
                                         std::optional<Conversation> who) {
  std::string answer;
  std::size_t applied = 0;
  for (const OptionChange& change : changes) {
    const std::string text = fmt::format("{} {} -> {}", change.name, change.before, change.after);
    if (change.needs.empty()) {
      ++applied;
      log::info("reload: {}", text);
      answer += fmt::format("{}\n", text);
    } else {
      log::warning("reload: {} needs {}", text, change.needs);
      answer += fmt::format("! {} needs {}\n", text, change.needs);
    }
  }
  for (const std::string& doubt : wanted.doubts)
    if (std::ranges::find(in_force_.doubts, doubt) == in_force_.doubts.end()) log::warning("reload: {}", doubt);
  const auto settings = runtime_settings(wanted);
  log::change(settings.log_level, settings.log_format);
  supervisor_.set_stop_timeout(wanted.shutdown_timeout);
  stop_timeout_ = wanted.shutdown_timeout;
  if (wanted.workers != in_force_.workers) supervisor_.scale_to(wanted.workers, "reload");
  const bool other_settings = settings != runtime_settings(in_force_);
  in_force_ = std::move(wanted);
  answer += fmt::format("OK reloaded, {} changed, {} not\n", applied, changes.size() - applied);
  log::info("reloaded, {} changed, {} not", applied, changes.size() - applied);
  exporter_.change(other_settings ? std::optional(settings) : std::nullopt, other_log);
  supervisor_.change({.settings = other_settings ? std::optional(settings) : std::nullopt, .log = other_log}, who,
                     std::move(answer));
  return std::nullopt;
}

std::optional<std::string> Master::reopen_log(std::optional<Conversation> who) {
  if (std::string refusal = supervisor_.why_not_now(); !refusal.empty()) {
    log::warning("the log is not opened anew: {}", refusal.substr(0, refusal.size() - 1));
    return refusal;
  }
  if (!in_force_.log_file) {
    log::info("the log goes to standard error, there is nothing to open anew");
    return "OK the log goes to standard error\n";
  }
  if (const std::string why = foundation_.log.open(in_force_.log_file); !why.empty()) {
    log::error("{}; going on with the old one", why);
    return fmt::format("ERR not-opened {}\n", why);
  }
  log::info("the log was opened anew");
  exporter_.change(std::nullopt, true);
  supervisor_.change({.settings = {}, .log = true}, who,
                     fmt::format("OK the log goes to {}\n", in_force_.log_file->string()));
  return std::nullopt;
}

}  // namespace rookery::master
