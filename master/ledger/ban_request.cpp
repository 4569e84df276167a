#include "master/ledger/ban_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ipc/chat/ban.h"
#include "ipc/wire/limits.h"
#include "master/options/duration.h"

namespace rookery::ledger {

namespace {

constexpr std::string_view kBanUsage = "ERR bad-argument usage: ban MASK [--for TIME] [REASON] | unban MASK";
constexpr std::string_view kFor = "--for";
constexpr std::string_view kBetweenWords = " \t";

// The next word; what follows it stays in `text`, without blanks in front.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBetweenWords), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBetweenWords));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(kBetweenWords), text.size()));
  return word;
}

std::optional<std::string> read_target(BanRequest& request, std::string_view word) {
  if (!chat::looks_like_address(word)) {
    if (!wire::is_valid_name(word) || wire::is_guest_name(word))
      return "ERR bad-argument MASK is an account's name, an IP address or a range like 203.0.113.0/24";
    request.name = word;
    return std::nullopt;
  }
  bool had_host_bits = false;
  request.mask = chat::AddressMask::parse(word, &had_host_bits);
  if (!request.mask) return "ERR bad-argument neither an IP address nor a range like 203.0.113.0/24 or 2001:db8::/32";
  if (had_host_bits) request.written = word;
  return std::nullopt;
}

// True: the word was --for TIME or --for=TIME.
bool read_duration(BanRequest& request, std::string_view word, std::string_view& rest, std::string& error) {
  if (!word.starts_with(kFor)) return false;
  std::string_view time = word.substr(kFor.size());
  if (time.empty())
    time = take_word(rest);
  else if (!time.starts_with('='))
    return false;
  else
    time.remove_prefix(1);
  const auto duration = master::parse_duration(time);
  if (!duration || duration->count() == 0)
    error = fmt::format("ERR bad-argument the time after --for is none of {}", master::kDurationExamples);
  else
    request.lasts = *duration;
  return true;
}

bool has_for(std::string_view reason) {
  while (!reason.empty()) {
    const std::string_view word = take_word(reason);
    if (word == kFor || word.starts_with("--for=")) return true;
  }
  return false;
}

}  // namespace

std::variant<BanRequest, std::string> parse_ban_request(std::string_view text) {
  BanRequest request;
  if (take_word(text) == "unban") request.change = chat::BanChange::Lift;
  bool has_target = false;
  while (!text.empty()) {
    std::string_view rest = text;
    const std::string_view word = take_word(rest);
    std::string error;
    if (request.change == chat::BanChange::Ban && request.lasts.count() == 0 &&
        read_duration(request, word, rest, error)) {
      if (!error.empty()) return error;
    } else if (!has_target) {
      if (auto refusal = read_target(request, word)) return *refusal;
      has_target = true;
    } else {
      break;  // the reason
    }
    text = rest;
  }
  if (!has_target || (request.change == chat::BanChange::Lift && !text.empty())) return std::string(kBanUsage);
  if (has_for(text)) return std::string("ERR bad-argument --for TIME must be given once, before the reason");
  request.reason = text.substr(0, text.find_last_not_of(kBetweenWords) + 1);
  if (request.reason.size() > chat::kMaxBanReasonBytes)
    return fmt::format("ERR bad-argument the reason has {} bytes, at most {} are allowed", request.reason.size(),
                       chat::kMaxBanReasonBytes);
  return request;
}

std::string warning_of(const chat::AddressMask& mask) {
  if (mask.covers_all())
    return fmt::format("! {} is every {} address, this machine's own among them", mask.text(),
                       mask.is_ipv4() ? "IPv4" : "IPv6");
  if (mask.covers_loopback())
    return fmt::format("! {} is this machine itself: clients behind a proxy on it are banned too", mask.text());
  return {};
}

}  // namespace rookery::ledger
