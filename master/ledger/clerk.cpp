#include "master/ledger/clerk.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <map>
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/crash_dump.h"
#include "ipc/os/errors.h"
#include "ipc/wire/limits.h"
#include "ipc/wire/safe_text.h"
#include "ipc/wire/timestamp.h"
#include "master/ledger/store_admin.h"

namespace rookery::ledger {

namespace {

constexpr std::size_t kMostTasks = 16;
constexpr std::size_t kMostReplies = 32;
constexpr std::size_t kMostUsers = 10'000;
constexpr std::size_t kMostRooms = 10'000;  // a megabyte of lines: the master takes eight
constexpr std::size_t kReplyBytes = 4096;   // of an answer's lines, in a message
constexpr std::size_t kFileBufferBytes = std::size_t{256} * 1024;
constexpr int kNice = 10;

std::string time_text(std::int64_t time_ms) {
  if (time_ms == 0) return "-";
  const auto time = wire::format_timestamp(time_ms);
  return {time.data(), time.size()};
}

// 2026-11-21 10:00
std::string minute_text(std::int64_t time_ms) {
  constexpr std::size_t kBytes = 16;
  const auto time = wire::format_timestamp(time_ms);
  std::string text(time.data(), kBytes);
  text[text.find('T')] = ' ';
  return text;
}

// As much as a line of a table holds, up to a blank where there is one; not in the middle of a character.
std::string_view take_line(std::string_view& text) {
  constexpr std::size_t kColumns = 76;
  std::size_t end = text.size();
  if (end > kColumns) {
    end = text.rfind(' ', kColumns);
    if (end == std::string_view::npos || end == 0)
      for (end = kColumns; (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U;) --end;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(text.find_first_not_of(' ', end), text.size()));
  return line;
}

}  // namespace

Clerk::Clerk(LedgerContext& context, std::filesystem::path directory)
    : context_(context),
      directory_(std::move(directory)),
      ledger_(context.region().header().sleeping, context.shared.ledger_doorbell.write_end.get()),
      thread_([this] { run(); }) {}

Clerk::~Clerk() {
  stop();
  thread_.join();
}

void Clerk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  woken_.notify_all();
}

bool Clerk::ends_within(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return woken_.wait_for(lock, time, [this] { return ended_; });
}

bool Clerk::ask(std::uint64_t number, ClerkRequest request) {
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.size() >= kMostTasks) return false;
    tasks_.push_back({number, std::move(request)});
  }
  woken_.notify_all();
  return true;
}

std::vector<chat::ControlMessage> Clerk::take_replies() {
  std::vector<chat::ControlMessage> replies;
  {
    const std::lock_guard lock(mutex_);
    replies.swap(replies_);
  }
  if (!replies.empty()) woken_.notify_all();
  return replies;
}

bool Clerk::has_replies() {
  const std::lock_guard lock(mutex_);
  return !replies_.empty();
}

std::vector<std::uint64_t> Clerk::unanswered() {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> numbers;
  for (const Task& task : tasks_) numbers.push_back(task.number);
  return numbers;
}

void Clerk::run() {
  const os::CrashStack stack;
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, kNice));  // of this thread alone: nobody's message waits for it
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
      if (stop_) {
        ended_ = true;
        woken_.notify_all();
        return;
      }
      task = tasks_.front();
    }
    number_ = task.number;
    lines_.clear();
    try {
      carry_out(task);
    } catch (const std::exception& error) {
      log::error("cannot do what the operator asked for: {}", error.what());
      lines_.clear();
      finish(fmt::format("ERR failed {}", error.what()));
    }
    const std::lock_guard lock(mutex_);
    tasks_.pop_front();
  }
}

void Clerk::carry_out(const Task& task) {
  fault::point(fault::Point::LedgerInRequest);
  switch (task.request.work) {
    case ClerkRequest::Work::ListUsers:
      return list_users(task);
    case ClerkRequest::Work::ListRooms:
      return list_rooms(task);
    case ClerkRequest::Work::ListBans:
      return list_bans();
    case ClerkRequest::Work::Backup:
      return backup(task);
    case ClerkRequest::Work::Check:
      return check(task);
    case ClerkRequest::Work::Export:
      return write_history(task);
  }
}

void Clerk::list_users(const Task& task) {
  auto rows = store::list_accounts(store::store_file(directory_), task.request.name, kMostUsers + 1);
  const bool all = rows.size() <= kMostUsers;
  if (!all) rows.resize(kMostUsers);
  if (!rows.empty()) add_line(fmt::format("{:<32}  {:>10}  {:<24}  {}", "NAME", "ID", "CREATED", "STATE"));
  for (const store::AccountRow& row : rows)
    add_line(fmt::format("{:<32}  {:>10}  {:<24}  {}", row.name, row.id, time_text(row.created_ms),
                         row.locked ? "locked" : "open"));
  finish(all ? fmt::format("OK {} accounts", rows.size())
             : fmt::format("OK the first {} accounts; a PREFIX shows others", rows.size()));
}

void Clerk::list_rooms(const Task&) {
  struct Row {
    store::RoomRow stored;
    std::uint64_t members = 0;
  };
  std::map<std::string, Row> rows;  // by folded name
  for (store::RoomRow& row : store::list_rooms(store::store_file(directory_), [this] { return !stop_; })) {
    const std::string name = shm::folded(row.name);
    rows[name].stored = std::move(row);
  }
  const chat::LedgerRegionView region = context_.region();
  const std::uint64_t used =
      std::min<std::uint64_t>(region.header().rooms_high_water.load(std::memory_order_acquire), chat::kMaxRooms);
  for (std::uint64_t room = 0; room < used; ++room) {
    const auto state = region.rooms()[room].load();
    if (!state || state->members == 0) continue;
    Row& row = rows[shm::folded(state->name_view())];
    row.members = state->members;
    if (row.stored.name.empty()) row.stored.name = state->name_view();
  }
  Row& lobby = rows[std::string(wire::kLobby)];
  lobby.stored.name = wire::kLobby;
  for (std::uint32_t slot = 0; slot < context_.shared.slots(); ++slot)
    lobby.members += context_.loop_control(slot).lobby_members.load(std::memory_order_relaxed);

  const auto line = [this](std::string_view name, const auto& members, const auto& messages, std::string_view oldest,
                           std::string_view newest) {
    add_line(fmt::format("{:<33}  {:>7}  {:>10}  {:<24}  {}", name, members, messages, oldest, newest));
  };
  line("ROOM", "MEMBERS", "MESSAGES", "OLDEST", "NEWEST");
  const std::size_t shown = std::min(rows.size(), kMostRooms);
  std::size_t left = shown;
  for (auto at = rows.begin(); left > 0; ++at, --left) {
    const Row& row = at->second;
    line(row.stored.name, row.members, row.stored.messages, time_text(row.stored.oldest_ms),
         time_text(row.stored.newest_ms));
  }
  finish(shown == rows.size() ? fmt::format("OK {} rooms", shown)
                              : fmt::format("OK the first {} of {} rooms", shown, rows.size()));
}

void Clerk::list_bans() {
  const auto line = [this](std::string_view mask, std::string_view since, std::string_view until) {
    add_line(fmt::format("{:<43}  {:<16}  {}", mask, since, until));
  };
  const auto bans = store::list_bans(store::store_file(directory_), context_.calendar.ended_by_ms());
  if (!bans.empty()) line("MASK", "SINCE, UTC", "UNTIL, UTC");
  for (const store::StoredBan& ban : bans) {
    line(ban.mask, minute_text(ban.since_ms), ban.until_ms == 0 ? "for ever" : minute_text(ban.until_ms));
    const std::string reason = wire::make_harmless(ban.reason);
    for (std::string_view rest = reason; !rest.empty();) add_line(fmt::format("    {}", take_line(rest)));
  }
  finish(fmt::format("OK {} bans", bans.size()));
}

os::IfThere Clerk::if_there(const Task& task) noexcept {
  return task.request.replace ? os::IfThere::Replace : os::IfThere::Refuse;
}

std::filesystem::path Clerk::output_file(const std::string& name) const {
  const std::filesystem::path directory = directory_ / store::kBackupDirectory;
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    throw store::StoreError(fmt::format("{}: cannot make it: {}", directory.string(), os::error_text(errno)));
  return directory / name;
}

void Clerk::backup(const Task& task) {
  const std::filesystem::path file = output_file(task.request.file);
  const store::BackupReport report = store::backup_store(directory_, file, if_there(task), [this] { return !stop_; });
  log::info("backup {}: {} bytes, up to message {}", file.string(), report.bytes, report.last_seq);
  finish(fmt::format("OK backup {}/{} bytes={} last={}", store::kBackupDirectory, task.request.file, report.bytes,
                     report.last_seq));
}

void Clerk::check(const Task&) {
  const store::CheckReport report = store::check_store(store::store_file(directory_), [this] { return !stop_; });
  for (const std::string& problem : report.problems) add_line(problem);
  if (report.problems.empty())
    return finish(fmt::format("OK whole: version={} epoch={} messages={} accounts={} last={}", report.version,
                              report.epoch, report.messages, report.accounts, report.last_seq));
  log::alert("the store is damaged: {}", report.problems.front());
  finish(fmt::format("ERR damaged {} problems, the first ones above; docs/storage.md says what to do",
                     report.problems.size()));
}

void Clerk::write_history(const Task& task) {
  const std::filesystem::path name = output_file(task.request.file);
  os::NewFile file(name, if_there(task));
  std::string buffer;
  const std::uint64_t lines = store::export_history(
      store::store_file(directory_), task.request.name,
      [&](std::string_view line) {
        buffer.append(line) += '\n';
        if (buffer.size() < kFileBufferBytes) return true;
        os::write_all(file.descriptor(), buffer, name);
        buffer.clear();
        return true;
      },
      [this] { return !stop_; });
  os::write_all(file.descriptor(), buffer, name);
  file.publish();
  finish(fmt::format("OK exported {}/{} messages={}", store::kBackupDirectory, task.request.file, lines));
}

void Clerk::add_line(std::string_view line) {
  if (lines_.empty()) lines_ = "+";
  lines_.append(line) += '\n';
  if (lines_.size() >= kReplyBytes) put_lines();
}

void Clerk::put_lines() {
  put(std::move(lines_));
  lines_.clear();
}

void Clerk::finish(std::string_view last_line) {
  if (!lines_.empty()) put_lines();
  put(std::string(last_line.substr(0, chat::kMaxControlTextBytes)));
}

void Clerk::put(std::string text) {
  {
    std::unique_lock lock(mutex_);
    woken_.wait(lock, [this] { return stop_ || replies_.size() < kMostReplies; });
    if (stop_) return;
    replies_.push_back({.kind = chat::ControlKind::LedgerReply, .number = number_, .text = std::move(text)});
  }
  ledger_.ring_if_asleep();
}

}  // namespace rookery::ledger
