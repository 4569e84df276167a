// master/ctl/store_commands.h
//
// The commands that are about the store and that the server alone does not do: passwords are asked for and hashed here,
// backups and exports are files of whoever runs this, and where no server runs its store is looked at all the same.
//
//     if (const auto exit_code = run_store_command(server, words)) return *exit_code;
//
//     user add|passwd NAME          asks for a password; the server gets its hash
//     backup FILE                   a consistent copy, whether a server runs or not
//     backup                        the server makes it, under its own name in DATA/backups
//     check [FILE]                  of the store, by the server if one runs; or of a backup
//     restore FILE                  puts a backup in the store's place; not while a server runs (69)
//     history export [#ROOM] [FILE] lines of JSON, to standard output if no FILE is named
//
// A FILE that exists is replaced only with --force, and only if it is a regular file. An export goes straight into a
// FIFO or device.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "master/ctl/ask.h"

namespace rookery::ctl {

// The exit code, or nothing: the command is for the server as it stands.
[[nodiscard]] std::optional<int> run_store_command(const Server& server, const std::vector<std::string>& words);

}  // namespace rookery::ctl
