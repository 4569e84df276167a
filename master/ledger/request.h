// master/ledger/request.h
//
// What an operator asks the ledger for, over the master (chat::ControlKind::LedgerRequest). The words are those of the
// console:
//     user list [PREFIX]            user add NAME HASH      user passwd NAME HASH
//     user lock|unlock|remove NAME  room list               history export [#ROOM] [FILE] [--force]
//     backup [FILE] [--force]       check                 bans
// and those of ban_request.h.
// HASH is an Argon2id hash as ipc/auth/password_hash.h makes it; a password never comes here. FILE is a plain name: the
// file appears in the data directory's backups/, the only place where the ledger may make one. A file that is there is
// replaced only with --force, which may stand anywhere behind the command's word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ipc/chat/record.h"
#include "master/ledger/ban_request.h"

namespace rookery::ledger {

// What changes an account goes through the log, like all that people say.
struct AccountRequest {
  std::optional<chat::AccountChange> change;  // none: a new account
  std::string name;
  std::string hash;  // add, passwd
};

// What only reads the store.
struct ClerkRequest {
  enum class Work : std::uint8_t { ListUsers, ListRooms, ListBans, Export, Backup, Check };
  Work work = Work::Check;
  std::string name;  // a prefix, or a room
  std::string file;
  bool replace = false;  // a file that has this name
};

struct RequestRefusal {
  std::string answer;  // "ERR code words"
};

using ParsedRequest = std::variant<AccountRequest, BanRequest, ClerkRequest, RequestRefusal>;
// `now_ms` names files that the operator has not.
[[nodiscard]] ParsedRequest parse_request(std::string_view text, std::int64_t now_ms);

}  // namespace rookery::ledger
