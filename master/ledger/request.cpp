#include "master/ledger/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "ipc/shm/name_table.h"
#include "ipc/wire/limits.h"
#include "ipc/wire/timestamp.h"

namespace rookery::ledger {

namespace {

constexpr std::size_t kMaxFileNameBytes = 100;

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// True if it is among the words behind the first one, which it then no longer is.
bool take_force(std::vector<std::string_view>& words) {
  const auto behind = std::remove(words.begin() + 1, words.end(), std::string_view("--force"));
  const bool found = behind != words.end();
  words.erase(behind, words.end());
  return found;
}

RequestRefusal usage(std::string_view words) {
  return {fmt::format("ERR bad-argument usage: {}", words)};
}

// A name in one directory, which a shell takes as it is.
bool is_file_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxFileNameBytes && name.front() != '.' && name.front() != '-' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

RequestRefusal bad_file() {
  return {"ERR bad-argument FILE is a name of letters, digits, '.', '_' and '-' in the data directory's backups/"};
}

std::string dated(std::string_view what, std::string_view suffix, std::int64_t now_ms) {
  const auto now = wire::format_timestamp(now_ms);
  std::string date(now.data(), now.size());
  std::ranges::replace(date, ':', '-');
  return fmt::format("{}-{}{}", what, date, suffix);
}

// As libsodium writes it, and short enough for the user table with the zero behind it.
bool is_argon2id_hash(std::string_view text) noexcept {
  return text.starts_with("$argon2id$v=19$m=") && text.size() < shm::kNameTableValueBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

ParsedRequest parse_user(const std::vector<std::string_view>& words) {
  constexpr std::string_view kUsage = "user list [PREFIX] | user add|passwd NAME HASH | user lock|unlock|remove NAME";
  if (words.size() < 2) return usage(kUsage);
  const std::string_view verb = words[1];
  if (verb == "list") {
    if (words.size() > 3) return usage("user list [PREFIX]");
    if (words.size() == 3 && !wire::is_valid_name(words[2]))
      return RequestRefusal{"ERR bad-argument no name begins like that"};
    return ClerkRequest{ClerkRequest::Work::ListUsers, words.size() == 3 ? std::string(words[2]) : std::string(), {}};
  }
  AccountRequest request;
  if (verb == "passwd") request.change = chat::AccountChange::Password;
  if (verb == "lock") request.change = chat::AccountChange::Lock;
  if (verb == "unlock") request.change = chat::AccountChange::Unlock;
  if (verb == "remove") request.change = chat::AccountChange::Remove;
  if (!request.change && verb != "add") return usage(kUsage);
  const bool with_hash = !request.change || *request.change == chat::AccountChange::Password;
  if (words.size() != (with_hash ? 4U : 3U))
    return usage(fmt::format("user {} NAME{}", verb, with_hash ? " HASH" : ""));
  if (!wire::is_valid_name(words[2]) || wire::is_guest_name(words[2]))
    return RequestRefusal{"ERR bad-argument no account can have that name"};
  request.name = words[2];
  if (!with_hash) return request;
  if (!is_argon2id_hash(words[3]))
    return RequestRefusal{"ERR bad-argument HASH is no Argon2id hash; rookery-ctl makes it of a password"};
  request.hash = words[3];
  return request;
}

ParsedRequest parse_export(std::vector<std::string_view> words, std::int64_t now_ms) {
  constexpr std::string_view kUsage = "history export [#ROOM] [FILE] [--force]";
  const bool replace = take_force(words);
  if (words.size() < 2 || words[1] != "export" || words.size() > 4) return usage(kUsage);
  ClerkRequest request{ClerkRequest::Work::Export, {}, dated("history", ".jsonl", now_ms), replace};
  std::size_t next = 2;
  if (next < words.size() && words[next].starts_with('#')) {
    if (!wire::is_valid_room(words[next])) return RequestRefusal{"ERR bad-argument no room can have that name"};
    request.name = words[next++];
  }
  if (next < words.size()) request.file = words[next++];
  if (next < words.size()) return usage(kUsage);
  if (!is_file_name(request.file)) return bad_file();
  return request;
}

}  // namespace

ParsedRequest parse_request(std::string_view text, std::int64_t now_ms) {
  std::vector<std::string_view> words = words_of(text);
  const std::string_view verb = words.empty() ? std::string_view() : words[0];
  if (verb == "user") return parse_user(words);
  if (verb == "history") return parse_export(words, now_ms);
  if (verb == "ban" || verb == "unban") {
    auto parsed = parse_ban_request(text);
    if (auto* refusal = std::get_if<std::string>(&parsed)) return RequestRefusal{std::move(*refusal)};
    return std::get<BanRequest>(std::move(parsed));
  }
  if (verb == "bans") {
    if (words.size() != 1) return usage("bans");
    return ClerkRequest{ClerkRequest::Work::ListBans, {}, {}};
  }
  if (verb == "room") {
    if (words.size() != 2 || words[1] != "list") return usage("room list");
    return ClerkRequest{ClerkRequest::Work::ListRooms, {}, {}};
  }
  if (verb == "check") {
    if (words.size() != 1) return usage("check");
    return ClerkRequest{ClerkRequest::Work::Check, {}, {}};
  }
  if (verb == "backup") {
    const bool replace = take_force(words);
    if (words.size() > 2) return usage("backup [FILE] [--force]");
    ClerkRequest request{ClerkRequest::Work::Backup, {}, dated("rookery", ".db", now_ms), replace};
    if (words.size() == 2) request.file = words[1];
    if (!is_file_name(request.file)) return bad_file();
    return request;
  }
  return RequestRefusal{"ERR bad-command the ledger has no such request"};
}

}  // namespace rookery::ledger
