#include "master/ctl/store_commands.h"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "ipc/auth/password_hash.h"
#include "ipc/os/output_file.h"
#include "master/ctl/control_client.h"
#include "master/ctl/ownership.h"
#include "master/ctl/password.h"
#include "master/ledger/store_admin.h"

namespace rookery::ctl {
namespace {

using Words = std::vector<std::string>;
namespace fs = std::filesystem;

// The store is looked through, which takes as long as it takes.
constexpr std::chrono::hours kPatience{24};

int failed(const Server& server, const std::exception& error) {
  return refuse(server, kExitRefused, "failed", error.what());
}

int usage(const Server& server, std::string_view words) {
  return refuse(server, EX_USAGE, "usage", fmt::format("usage: {}", words));
}

std::optional<int> run_user(const Server& server, const Words& words) {
  const bool with_password = words.size() > 1 && (words[1] == "add" || words[1] == "passwd");
  if (!with_password) return std::nullopt;
  if (words.size() != 3)
    return usage(server, fmt::format("user {} NAME; the password is asked for, or read from standard input", words[1]));
  try {
    const auth::Secret password = ask_for_password(words[2]);
    auth::init_password_hashing();
    const auto hash = auth::hash_password(password.view());
    if (!hash) return refuse(server, EX_SOFTWARE, "no-memory", "there is no memory to hash the password");
    return ask(server, fmt::format("user {} {} {}", words[1], words[2], hash->encoded.data()));
  } catch (const NoPassword& error) {
    return refuse(server, kExitRefused, "bad-password", error.what());
  } catch (const std::runtime_error& error) {
    return refuse(server, EX_SOFTWARE, "failed", error.what());
  }
}

// Whether --force is among the words; it is taken out.
os::IfThere take_force(Words& words) {
  return std::erase(words, "--force") > 0 ? os::IfThere::Replace : os::IfThere::Refuse;
}

std::optional<int> run_backup(const Server& server, Words words) {
  const os::IfThere if_there = take_force(words);
  if (words.size() == 1) return ask(server, "backup", kPatience);
  if (words.size() != 2) return usage(server, "backup [FILE] [--force]");
  try {
    const fs::path file = fs::absolute(words[1]);
    const store::BackupReport report = store::backup_store(server.data, file, if_there);
    return answer(server, {},
                  fmt::format("OK backup {} bytes={} last={}", file.string(), report.bytes, report.last_seq));
  } catch (const std::runtime_error& error) {
    return failed(server, error);
  }
}

int check_file(const Server& server, const fs::path& file) {
  try {
    const store::CheckReport report = store::check_store(file);
    if (!report.problems.empty())
      return answer(server, report.problems,
                    fmt::format("ERR damaged {} problems, the first ones above; docs/storage.md says what to do",
                                report.problems.size()));
    return answer(server, {},
                  fmt::format("OK whole: version={} epoch={} messages={} accounts={} last={}", report.version,
                              report.epoch, report.messages, report.accounts, report.last_seq));
  } catch (const std::runtime_error& error) {
    return failed(server, error);
  }
}

// Whoever has the lock serves, or is about to: then it is asked, and says so if it cannot answer.
bool server_runs(const Server& server) {
  return !store::DirectoryLock::take(server.data).has_value();
}

std::optional<int> run_check(const Server& server, const Words& words) {
  if (words.size() > 2) return usage(server, "check [FILE]");
  if (words.size() == 2) return check_file(server, words[1]);
  try {
    if (server_runs(server)) return ask(server, "check", kPatience);
  } catch (const store::StoreError&) {
    // Not ours to lock: a member of the group asks the server.
    return ask(server, "check", kPatience);
  }
  return check_file(server, store::store_file(server.data));
}

std::optional<int> run_restore(const Server& server, const Words& words) {
  if (words.size() != 2) return usage(server, "restore FILE");
  try {
    const auto lock = store::DirectoryLock::take(server.data);
    // A server of an older version locks one file alone, which may have been removed.
    if (!lock || server_listens(server.data))
      return refuse(server, EX_UNAVAILABLE, "server-runs",
                    fmt::format("a server uses {}: stop it first", server.data.string()));
    const store::RestoreReport report = store::restore_store(server.data, fs::absolute(words[1]));
    Words lines;
    if (!report.kept.empty())
      lines.push_back(fmt::format("the store that was there is kept as {}", report.kept.string()));
    return answer(server, lines,
                  fmt::format("OK restored epoch={} messages={} accounts={} last={}", report.epoch, report.messages,
                              report.accounts, report.last_seq));
  } catch (const std::runtime_error& error) {
    return failed(server, error);
  }
}

// `write` takes the history in large pieces. Returns how many messages there were.
std::uint64_t write_history(const Server& server, std::string_view room,
                            const std::function<void(std::string_view)>& write) {
  constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;
  std::string piece;
  const std::uint64_t lines = store::export_history(store::store_file(server.data), room, [&](std::string_view line) {
    piece.append(line) += '\n';
    if (piece.size() < kPieceBytes) return true;
    write(piece);
    piece.clear();
    return true;
  });
  write(piece);
  return lines;
}

int export_to_standard_output(const Server& server, std::string_view room) {
  write_history(server, room, [](std::string_view text) { os::write_all(STDOUT_FILENO, text, "standard output"); });
  return EX_OK;  // nothing but the history stands there
}

int export_to_file(const Server& server, std::string_view room, const std::string& name, os::IfThere if_there) {
  store::refuse_own_file(server.data, name);
  os::TextOutput file(name, if_there);
  const std::uint64_t lines = write_history(server, room, [&](std::string_view text) { file.write(text); });
  file.finish();
  if (file.is_standard_output()) return EX_OK;
  return answer(server, {}, fmt::format("OK exported {} messages={}", name, lines));
}

std::optional<int> run_history(const Server& server, Words words) {
  constexpr std::string_view kUsage = "history export [#ROOM] [FILE] [--force]";
  const os::IfThere if_there = take_force(words);
  if (words.size() < 2 || words[1] != "export" || words.size() > 4) return usage(server, kUsage);
  const bool of_room = words.size() > 2 && words[2].starts_with('#');
  const std::size_t named = of_room ? 3 : 2;
  if (words.size() > named + 1) return usage(server, kUsage);
  const std::string room = of_room ? words[2] : std::string();
  const bool to_file = words.size() > named;
  if (!to_file && server.json)
    return usage(server, "history export [#ROOM] FILE, with --json: the history is JSON already");
  try {
    return to_file ? export_to_file(server, room, words[named], if_there) : export_to_standard_output(server, room);
  } catch (const std::runtime_error& error) {
    return failed(server, error);
  }
}

}  // namespace

std::optional<int> run_store_command(const Server& server, const Words& words) {
  if (words.empty()) return std::nullopt;
  const Ownership ownership(server.data);
  if (words[0] == "user") return run_user(server, words);
  if (words[0] == "backup") return run_backup(server, words);
  if (words[0] == "check") return run_check(server, words);
  if (words[0] == "restore") return run_restore(server, words);
  if (words[0] == "history") return run_history(server, words);
  return std::nullopt;
}

}  // namespace rookery::ctl
