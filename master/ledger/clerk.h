// master/ledger/clerk.h
//
// The clerk thread: carries out what an operator asks and only reads the store (lists, backup, check, export), one
// request after the other, each on a read-only connection of its own. Neither the sequencing nor the storing thread
// waits for it; it runs at the lowest priority. A file that it makes has its name only when it is whole.
//
// Answers gather until the sequencing thread takes them; when many wait there the clerk does. It is that thread, too,
// that tells the master of what is still at work: SQLite's integrity_check is a single step, for minutes where a store
// is large, in which the clerk can neither say nor hear anything.
//
// Who may use it  The sequencing thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ipc/chat/control_message.h"
#include "ipc/os/output_file.h"
#include "master/ledger/ledger_context.h"
#include "master/ledger/request.h"

namespace rookery::ledger {

class Clerk final {
 public:
  Clerk(LedgerContext& context, std::filesystem::path directory);
  // Stops, and waits for the end.
  ~Clerk();
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;

  // False: too much waits already.
  [[nodiscard]] bool ask(std::uint64_t number, ClerkRequest request);

  [[nodiscard]] std::vector<chat::ControlMessage> take_replies();
  [[nodiscard]] bool has_replies();
  // Asked for, and not all of its answer is there.
  [[nodiscard]] std::vector<std::uint64_t> unanswered();

  // What is under way is given up at its next step, what waits is not begun.
  void stop();
  // REQUIRES: stop(). False: it is in a step that takes longer.
  [[nodiscard]] bool ends_within(std::chrono::milliseconds time);

 private:
  struct Task {
    std::uint64_t number = 0;
    ClerkRequest request;
  };

  void run();
  void carry_out(const Task& task);
  void list_users(const Task& task);
  void list_rooms(const Task& task);
  void list_bans();
  void backup(const Task& task);
  void check(const Task& task);
  void write_history(const Task& task);
  [[nodiscard]] static os::IfThere if_there(const Task& task) noexcept;
  [[nodiscard]] std::filesystem::path output_file(const std::string& name) const;
  void add_line(std::string_view line);
  void finish(std::string_view last_line);
  void put(std::string text);
  void put_lines();

  LedgerContext& context_;
  std::filesystem::path directory_;
  shm::DoorbellRinger ledger_;

  // The clerk's own.
  std::uint64_t number_ = 0;  // of the task under way
  std::string lines_;         // of its answer, not sent yet

  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool ended_ = false;                         // under mutex_
  std::deque<Task> tasks_;                     // under mutex_; the first one is under way
  std::vector<chat::ControlMessage> replies_;  // under mutex_
  std::thread thread_;
};

}  // namespace rookery::ledger
